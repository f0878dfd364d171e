import { keepPace } from '../keep-pace.ts'
import { ParleyError, toParleyError } from '@parley/contract'
import type { Clock } from '../../lib/clock.ts'
import type { JsonObject, Outcome } from '../../lib/json-rpc.ts'
import type { Task } from '../../tasks/index.ts'
import type { UpstreamInfo } from '../../upstream/index.ts'
import { onClientLeft, resultKind, type Call, type GatewayTools, type Target } from '../call.ts'
import { capabilitiesOf, termsOf } from '../exchange-once.ts'
import { guardNotification, guardOutcome } from '../guard-outcome.ts'
import { refuseInputRequests } from '../input-requests.ts'
import { MODERN } from '../protocol.ts'
import { recordCall } from '../record-call.ts'
import type { Reply } from '../reply.ts'
import { invalidState, type InnerState, type StateBinding } from '../request-state.ts'
import { toModernOutcome } from '../translate.ts'
import { openCallFor } from './open-call-for.ts'
import type { CallPlan, OpenCall, Step } from './open-call.ts'
import { LegacyCall } from './open-legacy-call.ts'
import type { TaskRun } from './task-run.ts'
import { newTaskOf } from './task-runs.ts'
import { toModernTask } from './task-view.ts'
import { declaresTasks, missingTasks, taskSupportOf } from './tasks-extension.ts'
import type { ModernState } from '../modern-state.ts'

/** What is answered sooner is no task: a tool that says it may be one gets less time than the others. */
const PATIENCE_MS = { declared: 250, other: 3000 }
/** The longest that the hub waits for a tool that it runs as a task. */
export const TASK_PATIENCE_MS = 60 * 60_000
const LATE = Symbol('late')

export interface TaskErrand {
  readonly target: Target
  readonly binding: StateBinding
  readonly reply: Reply
  readonly sent: InnerState | undefined
  /** As the server takes them, but for a state of its own. */
  readonly params: JsonObject
}

/**
 * Whether this call of a modern client may be answered with a task. Throws -32021 when the tool runs as nothing else and the client
 * does not know tasks.
 */
export function mayBecomeTask(call: Call, { entry, kind, name }: Target): boolean {
  if (kind !== 'tool') return false
  if (declaresTasks(call)) return true
  if (taskSupportOf(entry.catalog.tools.get(name)?.body) === 'required') throw missingTasks()
  return false
}

/**
 * A `tools/call` whose client knows tasks (SEP-2663): answered as ever when the server is quick or asks something first, and with
 * a task when it takes longer or makes one of its own.
 */
export async function callAsTask(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  errand: TaskErrand,
): Promise<void> {
  const { target, reply } = errand
  const info = await target.entry.upstream.info()
  const open = await openFor(state, call, errand)
  // Whoever waits may have left already.
  open.first.catch(() => undefined)
  let isWaiting = true
  onClientLeft(call.res, (reason) => {
    if (isWaiting) open.cancel(reason)
  })
  const support = taskSupportOf(target.entry.catalog.tools.get(target.name)?.body)
  const isDeclared = support === 'optional' || support === 'required'
  const step = await within(open.first, tools.clock, isDeclared ? PATIENCE_MS.declared : PATIENCE_MS.other)
  const outcome =
    step === LATE
      ? await takeOver(tools, state, call, { errand, open, info, leave: () => (isWaiting = false) })
      : await outcomeOf(tools, state, call, { errand, open, info, step })
  await recordCall(tools, call, 'result' in outcome ? resultKind(outcome.result) : 'ok')
  reply.finish(outcome)
}

interface Opened {
  readonly errand: TaskErrand
  readonly open: OpenCall
  readonly info: UpstreamInfo
}

function openFor(
  state: ModernState,
  call: Call,
  { target, reply, sent, params }: TaskErrand,
): Promise<OpenCall> | OpenCall {
  const plan: CallPlan = {
    entry: target.entry,
    principal: call.principal,
    terms: termsOf(call),
    params,
    patienceMs: TASK_PATIENCE_MS,
    notify: (notification) => void reply.send(guardNotification(target.entry, notification)),
    ready: () => keepPace(call.res, state.clock),
  }
  if (params['requestState'] === undefined)
    return openCallFor(state.runs.ways, { ...plan, tool: target.name, ttlMs: TASK_PATIENCE_MS })
  if (sent && 'held' in sent) {
    const held = state.held.takeUp(sent.held)
    held.answer(params['inputResponses'])
    return new LegacyCall(held, plan)
  }
  if (!sent || !('upstream' in sent)) throw invalidState()
  return openCallFor(state.runs.ways, {
    ...plan,
    params: { ...params, requestState: sent.upstream },
    tool: target.name,
    ttlMs: TASK_PATIENCE_MS,
  })
}

/** Nobody need wait any longer. When the hub can keep no more tasks, the client waits all the same. */
async function takeOver(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  opened: Opened & { readonly leave: () => void },
): Promise<Outcome> {
  const { errand, open, leave } = opened
  const wanted = newTaskOf(call, errand.target.entry.name)
  try {
    const [task, run] = await state.runs.take(wanted, termsOf(call), () => Promise.resolve(open))
    leave()
    return created(task, run)
  } catch (error) {
    const { code } = toParleyError(error)
    if (code !== 'rate_limited' && code !== 'unavailable' && code !== 'storage_full') throw error
    return outcomeOf(tools, state, call, { ...opened, step: await open.first })
  }
}

async function outcomeOf(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  { errand, open, info, step }: Opened & { readonly step: Step },
): Promise<Outcome> {
  if (step.kind === 'done') {
    const done = info.era === MODERN ? step.outcome : toModernOutcome(call.method, step.outcome, info)
    return guardOutcome(tools, call, errand.target, done)
  }
  if (step.kind === 'task') {
    const wanted = newTaskOf(call, errand.target.entry.name, { handle: step.handle })
    return created(...(await state.runs.mirror(wanted, step.ref)))
  }
  const { binding } = errand
  if (open instanceof LegacyCall) {
    state.held.keep(open.held)
    const requestState = tools.states.seal({ held: open.held.id }, binding)
    return { result: { resultType: 'input_required', inputRequests: step.inputRequests, requestState } }
  }
  const refusal = refuseInputRequests(step.result, capabilitiesOf(call))
  if (refusal !== undefined)
    throw new ParleyError(
      'upstream_invalid',
      `The server asked for input that this client cannot give. ${refusal}`,
    )
  if (step.requestState === undefined) return { result: step.result }
  const requestState = tools.states.seal({ upstream: step.requestState }, binding)
  return { result: { ...step.result, requestState } }
}

function created(task: Task, run: TaskRun): Outcome {
  return { result: { resultType: 'task', ...toModernTask(task, run) } }
}

function within<value>(
  pending: Promise<value>,
  clock: Pick<Clock, 'setTimeout'>,
  limitMs: number,
): Promise<value | typeof LATE> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(LATE), limitMs)
    pending.then(resolve, reject).finally(() => timer.cancel())
  })
}
