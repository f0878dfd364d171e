import type { CapabilityName } from '@parley/contract'
import { ParleyError } from '@parley/contract'
import type { ConsentRequest } from '../identity/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Call, GatewayTools } from './call.ts'
import { clientMayBeAsked } from './input-requests.ts'

/** The name of our question among a result's `inputRequests`. */
export const CONSENT_QUESTION = 'consent'

/** How long a retry waits for the person, who is at the page at that moment. */
const WAIT_MS = 20_000

/** What a client that shows pages to its person is asked to show (MCP, URL Mode Elicitation Requests). */
export interface ConsentQuestion {
  readonly request: ConsentRequest
  readonly params: { readonly mode: 'url'; readonly url: string; readonly message: string }
}

/**
 * Asks for what the grant does not cover. Throws the challenge that names what is missing when there is nobody to ask, or when
 * the client cannot: it may widen its token, and its person can follow the link in the message.
 */
export async function askConsent(
  tools: GatewayTools,
  call: Call,
  { missing, capabilities }: { missing: readonly CapabilityName[]; capabilities: JsonObject },
): Promise<ConsentQuestion> {
  const challenges = tools.challenges(call.resource)
  const request = await tools.consents.ask(call.principal, missing, call.envelope.value('arguments'))
  if (!request) throw challenges.insufficientScope(missing)
  const url = tools.consents.urlOf(request)
  const params = {
    mode: 'url',
    url,
    message: `This app asks for more than you have allowed: ${words(missing)}.`,
  } as const
  if (clientMayBeAsked({ method: 'elicitation/create', params }, capabilities) === undefined)
    return { request, params }
  throw challenges.insufficientScope(
    missing,
    `${words(missing)}: this needs your consent first. Open ${url} and try again.`,
  )
}

/**
 * A retry after our question: waits a while for the person's answer, and throws `forbidden` when it was no. Otherwise the
 * call is decided anew, whatever the client says the person did.
 */
export async function followConsent(
  tools: GatewayTools,
  id: string,
  { responses, signal }: { responses: unknown; signal: AbortSignal },
): Promise<void> {
  const action = actionOf(responses)
  if (action === 'accept') {
    const timeout = new AbortController()
    const timer = tools.clock.setTimeout(() => timeout.abort(), WAIT_MS)
    await tools.consents.answered(id, AbortSignal.any([signal, timeout.signal]))
    timer.cancel()
  }
  const state = tools.consents.stateOf(id)
  if (state === 'denied' || (state !== 'allowed' && (action === 'decline' || action === 'cancel')))
    throw new ParleyError('forbidden', 'The person did not allow this.')
}

/** The parameters of a retry without what belongs to our question alone. */
export function withoutAnswer(params: JsonObject): JsonObject {
  const { requestState: _state, inputResponses: _responses, ...rest } = params
  return rest
}

function actionOf(responses: unknown): unknown {
  const response = isObject(responses) ? responses[CONSENT_QUESTION] : undefined
  return isObject(response) ? response['action'] : undefined
}

function words(missing: readonly CapabilityName[]): string {
  return missing.join(', ')
}
