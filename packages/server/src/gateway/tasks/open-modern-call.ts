import { ParleyError } from '@parley/contract'
import type { JsonObject } from '../../lib/json-rpc.ts'
import type { Channel, ServerNotification } from '../../upstream/index.ts'
import { refuseServerRequest } from '../exchange-once.ts'
import { callCredential } from '../call-credential.ts'
import { refuseInputRequests } from '../input-requests.ts'
import { MAX_ROUNDS, toStep, type CallPlan, type CallWays, type OpenCall, type Step } from './open-call.ts'
import type { TaskRun } from './task-run.ts'

/** A call to a server of 2026-07-28, which asks by ending a round. */
export async function openModernCall(ways: CallWays, plan: CallPlan): Promise<OpenCall> {
  const { credential } = await callCredential(ways.sources, plan.entry, () => plan.principal)
  return new ModernCall(await plan.entry.upstream.modern(credential), plan)
}

class ModernCall implements OpenCall {
  readonly first: Promise<Step>
  readonly #channel: Channel
  readonly #plan: CallPlan
  readonly #abort = new AbortController()
  #notify: (notification: ServerNotification) => void

  constructor(channel: Channel, plan: CallPlan) {
    this.#channel = channel
    this.#plan = plan
    this.#notify = plan.notify
    this.first = this.#send(plan.params)
  }

  async goOn(run: TaskRun): Promise<Exclude<Step, { kind: 'input' }>> {
    this.#notify = (notification) => run.notify(notification)
    const { requestState: _state, inputResponses: _responses, ...params } = this.#plan.params
    let step = await this.first
    for (let round = 0; step.kind === 'input'; round++) {
      if (round === MAX_ROUNDS)
        throw new ParleyError('upstream_invalid', `The server asked for input more than ${MAX_ROUNDS} times.`)
      const { requestState } = step
      const inputResponses = await askAll(run, step)
      step = await this.#send({
        ...params,
        inputResponses,
        ...(requestState === undefined ? {} : { requestState }),
      })
    }
    return step
  }

  cancel(reason: ParleyError): void {
    this.#abort.abort(reason)
  }

  async #send(params: JsonObject): Promise<Step> {
    const { terms, patienceMs } = this.#plan
    const outcome = await this.#channel.exchange(
      'tools/call',
      params,
      {
        notification: (notification) => this.#notify(notification),
        serverRequest: refuseServerRequest,
        patienceMs,
      },
      this.#abort.signal,
    )
    return toStep(outcome, terms)
  }
}

/** Throws `upstream_invalid` for questions that this client cannot be asked, or when it refuses one. */
async function askAll(run: TaskRun, step: Extract<Step, { kind: 'input' }>): Promise<JsonObject> {
  const { inputRequests, requestState } = step
  const refusal = refuseInputRequests({ inputRequests, requestState }, run.terms.capabilities)
  if (refusal !== undefined)
    throw new ParleyError(
      'upstream_invalid',
      `The server asked for input that this client cannot give. ${refusal}`,
    )
  const responses: Record<string, JsonObject> = {}
  await Promise.all(
    Object.entries(inputRequests).map(async ([key, request]) => {
      const outcome = await run.ask(request as { method: string; params?: JsonObject }, key)
      if ('error' in outcome)
        throw new ParleyError(
          'invalid_request',
          `The question was not answered: ${outcome.error.message.slice(0, 200)}`,
        )
      responses[key] = outcome.result
    }),
  )
  return responses
}
