import type { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type RequestMessage } from '../../lib/json-rpc.ts'
import type { HeldCall } from '../held-calls.ts'
import { META } from '../protocol.ts'
import { toLegacyParams } from '../translate.ts'
import { refuseServerRequest } from '../exchange-once.ts'
import { taskStep, type CallPlan, type CallWays, type OpenCall, type Step } from './open-call.ts'
import { plainQuestion } from './follow-upstream.ts'
import type { TaskRun } from './task-run.ts'

/** A call to a server of 2025-11-25, which asks while it waits: it stays open between the rounds of its client. */
export class LegacyCall implements OpenCall {
  readonly first: Promise<Step>
  readonly held: HeldCall

  /** `held` has been started already when the client comes back with answers. */
  constructor(held: HeldCall, plan: Pick<CallPlan, 'params' | 'notify' | 'ready'>) {
    this.held = held
    const meta = metaOf(plan.params)
    const wantsLogs = meta[META.logLevel] !== undefined
    this.first = held
      .next({
        notify(notification) {
          if (notification.method !== 'notifications/message' || wantsLogs) plan.notify(notification)
        },
        ready: plan.ready,
        progressToken: meta['progressToken'],
      })
      .then((round): Step => {
        if (round.kind === 'done') return round
        return { kind: 'input', inputRequests: round.inputRequests, requestState: undefined, result: {} }
      })
  }

  async goOn(run: TaskRun): Promise<Exclude<Step, { kind: 'input' }>> {
    const ask = (request: RequestMessage) => run.ask(plainQuestion(request))
    const outcome = await this.held.handOver(ask, (notification) => run.notify(notification))
    return { kind: 'done', outcome }
  }

  cancel(reason: ParleyError): void {
    this.held.cancel(reason)
  }
}

export async function openLegacyCall(ways: CallWays, plan: CallPlan): Promise<LegacyCall> {
  const { entry, principal, terms, params, patienceMs } = plan
  const held = ways.held.create(principal, terms.capabilities)
  const lease = await ways.pool.lease(entry, { owner: principal, ...terms }, held.signal)
  const level = metaOf(params)[META.logLevel]
  held.start(async (events) => {
    try {
      if (typeof level === 'string')
        await lease.channel.exchange('logging/setLevel', { level }, events, held.signal)
      return await lease.channel.exchange(
        'tools/call',
        withoutTask(params),
        { ...events, patienceMs },
        held.signal,
      )
    } finally {
      lease.release()
    }
  })
  return new LegacyCall(held, plan)
}

/** A call to a server of 2025-11-25 that runs the tool as a task of its own, and answers at once. */
export async function openLegacyTask(
  ways: CallWays,
  plan: CallPlan & { readonly ttlMs: number },
): Promise<OpenCall> {
  const { entry, principal, terms, params, ttlMs, notify } = plan
  const abort = new AbortController()
  const wanted = { owner: principal, ...terms, tasks: ways.taskEvents(entry.name) }
  const lease = await ways.pool.lease(entry, wanted, abort.signal)
  const events = { notification: notify, serverRequest: refuseServerRequest }
  const asTask = { ...withoutTask(params), task: { ttl: ttlMs } }
  const first = lease.channel
    .exchange('tools/call', asTask, events, abort.signal)
    .then((outcome): Step => {
      const task = 'result' in outcome ? outcome.result['task'] : undefined
      if (isObject(task)) return taskStep(task, terms, lease.channel.sessionId)
      return { kind: 'done', outcome }
    })
    .finally(() => lease.release())
  return {
    first,
    goOn: () => first as Promise<Exclude<Step, { kind: 'input' }>>,
    cancel: (reason) => abort.abort(reason),
  }
}

/** A client of another revision may still send what asked for a task once. */
function withoutTask(params: JsonObject): JsonObject {
  const { task: _task, ...rest } = toLegacyParams(params) ?? {}
  return rest
}

function metaOf(params: JsonObject): JsonObject {
  return isObject(params['_meta']) ? params['_meta'] : {}
}
