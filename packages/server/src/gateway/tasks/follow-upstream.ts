import { ParleyError, toParleyError } from '@parley/contract'
import { isObject, isRpcError, type JsonObject, type Outcome } from '../../lib/json-rpc.ts'
import type { ServerEntry } from '../../registry/index.ts'
import type { ExchangeEvents } from '../../upstream/index.ts'
import type { GatewayTools } from '../call.ts'
import { refuseServerRequest } from '../exchange-once.ts'
import { callCredential } from '../call-credential.ts'
import { MODERN } from '../protocol.ts'
import { toModernParams, toModernQuestion } from '../translate.ts'
import type { CallWays, UpstreamRef } from './open-call.ts'
import type { Question, TaskRun } from './task-run.ts'
import { withoutRelation } from './task-view.ts'
import { withExtension } from './tasks-extension.ts'
import type { Turnstile } from './turnstile.ts'

export interface Following {
  readonly tools: GatewayTools
  readonly ways: CallWays
  readonly polls: Turnstile
}

export interface Followed {
  readonly run: TaskRun
  /** Its session only while there may be one of before a restart. */
  ref: UpstreamRef
}

interface Asked {
  readonly run: Pick<TaskRun, 'server' | 'principal'>
  readonly ref: UpstreamRef
}

export type UpstreamEnd =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'cancelled' }

const POLL_MS = 500
const POLL_BOUNDS_MS = { min: 100, max: 10_000 }
/** A task is asked after at intervals of a tenth of its age at most, so that its end is seen in good time. */
const AGE_SHARE = 10
const CANCEL_MS = 10_000
/** How long the result may take once a server asks for it to be fetched. */
const RESULT_MS = 60 * 60_000
const NO_EVENTS = { notification: () => {}, serverRequest: refuseServerRequest }

/** Follows a task that its server runs, across restarts of either, until it ends. */
export async function followUpstream(following: Following, followed: Followed): Promise<UpstreamEnd> {
  const { tools, polls } = following
  const { run } = followed
  const startedMicros = tools.clock.monotonicMicros()
  for (;;) {
    const polled = await polls.pass(() => poll(following, followed))
    const state = typeof polled === 'object' ? polled : undefined
    if (state) {
      const end = await take(following, followed, state)
      if (end) return end
    }
    const ageMs = (tools.clock.monotonicMicros() - startedMicros) / 1000
    await sleep(tools, run, intervalOf(state, ageMs))
  }
}

/** Tells the server that its task is not wanted any more; it may or may not heed that. */
export async function cancelUpstream(following: Following, followed: Asked): Promise<void> {
  try {
    await ask(following, followed, {
      method: 'tasks/cancel',
      signal: AbortSignal.timeout(CANCEL_MS),
    })
  } catch {
    // Our task has ended whatever the server does.
  }
}

/** The task as its server tells of it now; undefined when the server cannot be asked at the moment. */
async function poll(following: Following, followed: Followed): Promise<JsonObject | undefined> {
  const { run } = followed
  run.signal.throwIfAborted()
  try {
    const outcome = await ask(following, followed, { method: 'tasks/get', signal: run.signal })
    if ('result' in outcome) return outcome.result
    throw new ParleyError(
      'upstream_invalid',
      `The server no longer knows its task: ${outcome.error.message.slice(0, 200)}`,
    )
  } catch (error) {
    run.signal.throwIfAborted()
    const { code } = toParleyError(error)
    if (code === 'upstream_unavailable' && followed.ref.sessionId !== undefined && isGone(error)) {
      // The session of before is over; what is bound to no session is found from a new one.
      followed.ref = { ...followed.ref, sessionId: undefined }
      return undefined
    }
    if (code === 'upstream_unavailable' || code === 'upstream_timeout' || code === 'unavailable')
      return undefined
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ParleyError && isObject(error.data) && error.data['status'] === 404
}

async function take(
  following: Following,
  followed: Followed,
  state: JsonObject,
): Promise<UpstreamEnd | undefined> {
  const { run } = followed
  const { status, statusMessage } = state
  if (typeof statusMessage === 'string') run.message = statusMessage.slice(0, 1000)
  if (status === 'cancelled') return { kind: 'cancelled' }
  if (
    !isObject(state['result']) &&
    (status === 'completed' || status === 'failed') &&
    !isRpcError(state['error'])
  )
    return fetchResult(following, followed)
  if (status === 'completed') return { kind: 'done', outcome: { result: state['result'] as JsonObject } }
  if (status === 'failed' && isRpcError(state['error']))
    return { kind: 'done', outcome: { error: state['error'] } }
  if (status !== 'input_required') {
    run.mirror({}, () => {})
    return undefined
  }
  // 2025-11-25 asks on the way to the result (Tasks: Input Required Status).
  if (!isObject(state['inputRequests'])) return fetchResult(following, followed)
  run.mirror(state['inputRequests'], (key, response) => {
    const inputResponses = { [key]: response }
    void ask(following, followed, {
      method: 'tasks/update',
      more: { inputResponses },
      signal: run.signal,
    }).catch(
      // The question stands at the server, and times out there.
      () => undefined,
    )
  })
  return undefined
}

/** `tasks/result` of 2025-11-25, which waits for the end and asks whatever there is to ask before it. */
async function fetchResult(following: Following, followed: Followed): Promise<UpstreamEnd> {
  const { run } = followed
  const outcome = await ask(following, followed, {
    method: 'tasks/result',
    signal: run.signal,
    events: {
      notification: (notification) => run.notify(notification),
      serverRequest: (request) => run.ask(plainQuestion(request)),
      patienceMs: RESULT_MS,
    },
  })
  if ('error' in outcome) return { kind: 'done', outcome }
  return { kind: 'done', outcome: { result: withoutRelation(outcome.result) } }
}

/** A question of a server of 2025-11-25 without the relation to the server's own task. */
export function plainQuestion({ method, params }: Question): Question {
  const { params: own } = toModernQuestion({ method, ...(params && { params: withoutRelation(params) }) })
  return isObject(own) ? { method, params: own } : { method }
}

async function ask(
  { tools, ways }: Following,
  { run, ref }: Asked,
  what: {
    readonly method: string
    readonly more?: JsonObject
    readonly signal: AbortSignal
    readonly events?: ExchangeEvents
  },
): Promise<Outcome> {
  const { method, more = {}, signal, events = NO_EVENTS } = what
  const entry: ServerEntry | undefined = tools.registry.entry(run.server)
  if (!entry) throw new ParleyError('not_found', 'The server that ran this is not there any more.')
  const params = { taskId: ref.taskId, ...more }
  const { era } = await entry.upstream.info()
  if (era === MODERN) {
    const { credential } = await callCredential(ways.sources, entry, () => run.principal)
    const channel = await entry.upstream.modern(credential)
    const terms = { ...ref, capabilities: withExtension(ref.capabilities), logLevel: undefined }
    return channel.exchange(method, toModernParams(params, terms), events, signal)
  }
  const { taskId: _id, ...own } = ref
  const terms = { ...own, owner: run.principal, tasks: ways.taskEvents(run.server) }
  const lease = await ways.pool.lease(entry, terms, signal)
  try {
    return await lease.channel.exchange(method, params, events, signal)
  } finally {
    lease.release()
  }
}

function intervalOf(state: JsonObject | undefined, ageMs: number): number {
  const said = state?.['pollIntervalMs'] ?? state?.['pollInterval']
  const wantedMs = Math.max(typeof said === 'number' ? said : POLL_MS, ageMs / AGE_SHARE)
  return Math.min(Math.max(wantedMs, POLL_BOUNDS_MS.min), POLL_BOUNDS_MS.max)
}

function sleep({ clock }: GatewayTools, { signal }: TaskRun, delayMs: number): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    const onAbort = () => {
      timer.cancel()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
