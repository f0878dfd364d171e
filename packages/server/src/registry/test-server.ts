import { ParleyError, toParleyError, type ServerTestView } from '@parley/contract'
import { isObject } from '../lib/json-rpc.ts'
import type { Clock } from '../lib/clock.ts'
import type { Channel, Credential, UpstreamInfo } from '../upstream/index.ts'
import type { ManagedServer } from './managed-server.ts'
import { LISTS, countItems, openReader } from './read-upstream.ts'

const STEP_TIMEOUT_MS = 15_000

type Step = ServerTestView['steps'][number]

/**
 * Tries what a caller would need, step by step, up to the first that fails, at most 15 s each: detect the era, begin
 * to speak, read each list. With a credential in its name, otherwise in the hub's own. Changes nothing that is stored.
 */
export async function testServer(
  server: ManagedServer,
  clock: Clock,
  credential?: Credential,
): Promise<ServerTestView> {
  const steps: Step[] = []
  const attempt = createAttempt(clock, steps)
  let info: UpstreamInfo | undefined
  let channel: Channel | undefined
  try {
    info = await attempt('connect and detect the era', () => server.upstream.info(), describeInfo)
    const start = info.era === '2026-07-28' ? 'discover' : 'initialize a session'
    channel = await attempt(start, (signal) => openReader(server.upstream, signal, credential), describeOffer)
    for (const list of LISTS) {
      if (!isObject(channel.info.capabilities[list.capability])) continue
      const reading = channel
      await attempt(
        list.method,
        (signal) => countItems(reading, list, signal),
        (count) => `${count} on the first page`,
      )
    }
  } catch (error) {
    // The last step has said it.
    if (steps.at(-1)?.ok !== false) throw error
  } finally {
    if (channel && channel.info.era !== '2026-07-28') await channel.close()
  }
  return { ok: steps.every(({ ok }) => ok), era: info?.revision ?? null, steps }
}

function createAttempt(clock: Clock, steps: Step[]) {
  return async function attempt<value>(
    step: string,
    work: (signal: AbortSignal) => Promise<value>,
    describe: (value: value) => string,
  ): Promise<value> {
    const startedMicros = clock.monotonicMicros()
    const finish = (ok: boolean, detail: string) => {
      const milliseconds = Math.round((clock.monotonicMicros() - startedMicros) / 1000)
      steps.push({ step, ok, detail, milliseconds })
    }
    const deadline = new AbortController()
    const late = Promise.withResolvers<never>()
    const timer = clock.setTimeout(() => {
      const error = new ParleyError('upstream_timeout', `No answer within ${STEP_TIMEOUT_MS / 1000} s.`)
      deadline.abort(error)
      late.reject(error)
    }, STEP_TIMEOUT_MS)
    try {
      const value = await Promise.race([work(deadline.signal), late.promise])
      finish(true, describe(value))
      return value
    } catch (error) {
      finish(false, toParleyError(error).message)
      throw error
    } finally {
      timer.cancel()
    }
  }
}

function describeInfo({ revision, isHttpSse, serverInfo }: UpstreamInfo): string {
  const name = serverInfo?.['name']
  const way = isHttpSse ? `${revision} over HTTP+SSE` : revision
  return typeof name === 'string' ? `${way}, ${name.slice(0, 100)}` : way
}

function describeOffer({ info }: Channel): string {
  return `offers ${Object.keys(info.capabilities).slice(0, 20).join(', ').slice(0, 200) || 'nothing'}`
}
