import { ParleyError } from '@parley/contract'
import type { ConnectRequest, Verdict } from '../connect/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import { CredentialRefused } from '../upstream/index.ts'
import type { Use } from '../vault/index.ts'
import type { Call, GatewayTools } from './call.ts'
import { connectionNeeded } from './call-credential.ts'
import { clientMayBeAsked } from './input-requests.ts'

/** The name of our question among a result's `inputRequests`. */
export const CONNECTION_QUESTION = 'connection'

/** How long a retry waits for the person, who is at the page at that moment. */
const WAIT_MS = 20_000

/** The page that a client shows to its person (MCP, URL Mode Elicitation Requests). */
export interface ConnectionQuestion {
  readonly request: ConnectRequest
  readonly params: { readonly mode: 'url'; readonly url: string; readonly message: string }
}

/**
 * Asks the person behind the call to connect the server. Throws `connection_needed` where there is nobody, or where the
 * client shows no pages: its person can follow the address in the message.
 */
export async function askConnection(
  tools: GatewayTools,
  call: Call,
  { entry, capabilities }: { entry: ServerEntry; capabilities: JsonObject },
): Promise<ConnectionQuestion> {
  const { app } = call.principal
  const person = tools.access.personBehind(call.principal)
  const request = await tools.connect.ask({ person, app }, entry.id)
  if (!request) throw connectionNeeded(tools, entry, { kind: 'needed', why: 'none', person: undefined })
  const url = tools.connect.urlOf(request)
  const message = `"${entry.name}" wants to know who calls: connect your account there.`
  const params = { mode: 'url', url, message } as const
  if (clientMayBeAsked({ method: 'elicitation/create', params }, capabilities) === undefined)
    return { request, params }
  throw new ParleyError('connection_needed', `${message} Open ${url} and try again.`, {
    data: { server: entry.name, url },
  })
}

/** A retry after our question: waits a while for the person, and throws when they did not connect. */
export async function followConnection(
  tools: GatewayTools,
  id: string,
  { responses, signal }: { responses: unknown; signal: AbortSignal },
): Promise<void> {
  const response = isObject(responses) ? responses[CONNECTION_QUESTION] : undefined
  const action = isObject(response) ? response['action'] : undefined
  if (action === 'accept') {
    const timeout = new AbortController()
    const timer = tools.clock.setTimeout(() => timeout.abort(), WAIT_MS)
    await tools.connect.answered(id, AbortSignal.any([signal, timeout.signal]))
    timer.cancel()
  }
  const state = tools.connect.stateOf(id)
  const isRefused = action === 'decline' || action === 'cancel'
  if (state === 'denied' || state === 'failed' || (state !== 'connected' && isRefused))
    throw new ParleyError('connection_needed', 'The person did not connect this server.')
}

/** What to do about a server that refused what the call took along; `undefined` where the error is another one. */
export async function judgeRefusal(
  tools: GatewayTools,
  call: Call,
  { entry, use, error }: { entry: ServerEntry; use: Use | undefined; error: unknown },
): Promise<Verdict | undefined> {
  if (!(error instanceof CredentialRefused)) return undefined
  const { status, challenge } = error
  return tools.connect.refused({
    server: entry.id,
    person: tools.access.personBehind(call.principal),
    status,
    challenge,
    carried: use?.kind === 'carry' ? use.connection : undefined,
  })
}
