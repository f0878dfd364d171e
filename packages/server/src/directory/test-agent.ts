import { toParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import { fetchCard } from './fetch-card.ts'
import { hashCard } from './hash-card.ts'
import type { AgentTest } from './managed-directory.ts'
import type { ServedAgent } from './served-agent.ts'

export interface AgentTestTools {
  readonly clock: Clock
  readonly newId: NewId
  readonly openOutlet: (url: string, agent: string) => Outlet
}

type Step = AgentTest['steps'][number]

const STEP_TIMEOUT_MS = 15_000

/**
 * Tries what a caller would need, step by step, up to the first that fails: the card, that it is the approved one, and a
 * question that makes the agent do nothing: after a task that it cannot have.
 */
export async function testAgent(agent: ServedAgent, tools: AgentTestTools): Promise<AgentTest> {
  const steps: Step[] = []
  for (const [step, work] of stepsFor(agent, tools)) {
    const startedMicros = tools.clock.monotonicMicros()
    const { ok, detail } = await work().catch((error: unknown) => ({
      ok: false,
      detail: toParleyError(error).message,
    }))
    const milliseconds = Math.round((tools.clock.monotonicMicros() - startedMicros) / 1000)
    steps.push({ step, ok, detail, milliseconds })
    if (!ok) break
  }
  return { ok: steps.every(({ ok }) => ok), steps }
}

type Work = () => Promise<{ readonly ok: boolean; readonly detail: string }>

function stepsFor(agent: ServedAgent, tools: AgentTestTools): readonly (readonly [string, Work])[] {
  const { row } = agent
  const card: readonly (readonly [string, Work])[] =
    row.cardUrl === null ? [] : [['read the card', () => readCardOf(agent, row.cardUrl!, tools)]]
  return [
    ...card,
    ['is it approved', async () => ({ ok: agent.entry !== undefined, detail: standingOf(agent) })],
    ['ask the agent', () => ask(agent, tools)],
  ]
}

async function readCardOf(
  agent: ServedAgent,
  cardUrl: string,
  { openOutlet }: AgentTestTools,
): Promise<{ ok: boolean; detail: string }> {
  const { pathname, search } = new URL(cardUrl)
  const outlet = openOutlet(cardUrl, agent.name)
  const fetched = await fetchCard(outlet, pathname + search).finally(() => outlet.destroy())
  if (fetched.kind !== 'card')
    return { ok: false, detail: 'It answered 304 to a request without conditions.' }
  const { etag, lastModified } = fetched.validators
  const caching = (etag ?? lastModified) ? 'with a validator' : 'without ETag and Last-Modified'
  const isSame = hashCard(fetched.body) === agent.row.approvedHash
  const which = isSame ? 'the approved one' : 'not the approved one'
  return { ok: true, detail: `${which}, ${caching}, fresh for ${Math.round(fetched.freshMs / 1000)} s` }
}

function standingOf(agent: ServedAgent): string {
  const { entry, identity, row } = agent
  if (entry) return row.reason === null ? 'yes' : `yes; another card is held back: ${row.reason}`
  if (identity && identity.state !== 'active') return `its workload is ${identity.state}`
  return agent.fault ?? row.reason ?? 'no card of it was ever read'
}

async function ask(
  { entry, usable }: ServedAgent,
  { newId }: AgentTestTools,
): Promise<{ ok: boolean; detail: string }> {
  const { protocolBinding, protocolVersion, url } = usable!.interface
  const over = `${protocolBinding} ${protocolVersion} at ${url}`
  const request = { id: newId('task') }
  const known = await entry!
    .link()
    .call('GetTask', request, { headers: {}, timeoutMs: STEP_TIMEOUT_MS })
    .then(
      () => ({ ok: false, detail: `${over}: it has a task that nobody made` }),
      (error: unknown) => {
        const { code, message } = toParleyError(error)
        // What it says of a task that is not there is what shows that it can be asked (A2A §3.1.3).
        return code === 'task_not_found'
          ? { ok: true, detail: over }
          : { ok: false, detail: `${over}: ${message}` }
      },
    )
  return known
}
