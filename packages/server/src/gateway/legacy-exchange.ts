import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { ServerNotification } from '../upstream/index.ts'
import type { Call, GatewayTools } from './call.ts'
import { guardNotification } from './guard-outcome.ts'
import { clientMayBeAsked, refuseInputRequests } from './input-requests.ts'
import type { LegacySession } from './legacy-session.ts'
import { LEGACY } from './protocol.ts'
import type { SessionReply } from './session-reply.ts'
import { toClientNotification } from './to-client-revision.ts'
import { toLegacyOutcome, toLegacyQuestion, toModernParams } from './translate.ts'

/** Rounds of questions that a modern upstream may put to a legacy client within one call. */
const MAX_ROUNDS = 20

/** One request of a session, on its way. */
export interface Turn {
  readonly tools: GatewayTools
  readonly session: LegacySession
  readonly call: Call
  readonly reply: SessionReply
  readonly signal: AbortSignal
}

/** One request to an upstream of either era, with the questions it may ask on the way. */
export async function exchange(turn: Turn, entry: ServerEntry, params: JsonObject): Promise<Outcome> {
  const { session, call, reply, signal } = turn
  reply.begin()
  const channel = await session.channel(entry)
  const events = {
    notification: (notification: ServerNotification) => {
      const told = toClientNotification(session.revision, guardNotification(entry, notification))
      if (told) reply.send(told)
    },
    serverRequest: (request: { method: string; params?: JsonObject }, asked: AbortSignal) => {
      const refusal = clientMayBeAsked(request, session.capabilities)
      if (refusal !== undefined)
        return Promise.resolve<Outcome>({ error: { code: -32601, message: refusal } })
      return session.ask(request, reply, asked)
    },
    paused: (retryMs: number) => reply.pause(retryMs),
    ready: () => reply.ready?.(),
  }
  if (channel.info.era === LEGACY) {
    return channel.exchange(call.method, Object.keys(params).length > 0 ? params : undefined, events, signal)
  }
  let next = params
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await channel.exchange(call.method, toModernParams(next, session.terms), events, signal)
    if ('error' in outcome || outcome.result['resultType'] !== 'input_required')
      return toLegacyOutcome(outcome)
    next = { ...params, ...(await askAll(turn, outcome.result)) }
  }
  throw new ParleyError('upstream_invalid', `The server asked for input more than ${MAX_ROUNDS} times.`)
}

/** Puts a modern upstream's questions to a legacy client, and makes of the answers what the retry must carry. */
async function askAll(turn: Turn, result: JsonObject): Promise<JsonObject> {
  const { tools, session, reply, signal } = turn
  const refusal = refuseInputRequests(result, session.capabilities)
  if (refusal !== undefined) {
    throw new ParleyError(
      'upstream_invalid',
      `The server asked for input that this client cannot give. ${refusal}`,
    )
  }
  const requests = isObject(result['inputRequests']) ? result['inputRequests'] : {}
  const responses: Record<string, JsonObject> = {}
  await Promise.all(
    Object.entries(requests).map(async ([key, request]) => {
      const { method, params } = request as { method: string; params?: JsonObject }
      const question = toLegacyQuestion({ method, ...(params === undefined ? {} : { params }) }, tools.newId)
      const outcome = await session.ask(question, reply, signal)
      if ('error' in outcome)
        throw new ParleyError(
          'invalid_request',
          `The client refused "${method}": ${outcome.error.message.slice(0, 200)}`,
        )
      responses[key] = outcome.result
    }),
  )
  const state = result['requestState']
  return { inputResponses: responses, ...(typeof state === 'string' ? { requestState: state } : {}) }
}
