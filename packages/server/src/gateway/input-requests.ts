import { isObject, type JsonObject } from '../lib/json-rpc.ts'

/** What an upstream may ask of a client, and the capability that allows it (MCP, Client Features). */
const CAPABILITY_OF: Readonly<Record<string, string>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
}

/**
 * May this question be put to a client with these capabilities? Answers why not, or undefined when it may. URL-mode
 * elicitation must lead to an https page, or to this machine itself.
 */
export function clientMayBeAsked(
  request: { readonly method: string; readonly params?: unknown },
  capabilities: JsonObject,
): string | undefined {
  const capability = Object.hasOwn(CAPABILITY_OF, request.method) ? CAPABILITY_OF[request.method] : undefined
  if (capability === undefined) return `"${request.method}" is nothing a client can be asked.`
  const declared = capabilities[capability]
  if (!isObject(declared)) return `The client did not declare "${capability}".`
  if (!isObject(request.params)) return undefined
  if (request.method === 'sampling/createMessage')
    return asksForTools(request.params) && !isObject(declared['tools'])
      ? 'The client did not declare tools in sampling.'
      : undefined
  if (request.method !== 'elicitation/create') return undefined
  if (request.params['mode'] !== 'url')
    return isObject(declared['url']) && !isObject(declared['form'])
      ? 'The client did not declare form elicitation.'
      : undefined
  if (!isObject(declared['url'])) return 'The client did not declare URL elicitation.'
  return isSafePage(request.params['url']) ? undefined : 'The page of a URL elicitation must be https.'
}

/** MCP 2025-11-25, Tools in Sampling: only for clients that declare `sampling.tools`. */
function asksForTools(params: JsonObject): boolean {
  return params['tools'] !== undefined || params['toolChoice'] !== undefined
}

function isSafePage(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return false
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}

/**
 * The first question of an `input_required` result that this client may not be asked, in words; undefined when all
 * are in order.
 */
export function refuseInputRequests(result: JsonObject, capabilities: JsonObject): string | undefined {
  const requests = result['inputRequests']
  if (requests === undefined)
    return typeof result['requestState'] === 'string' ? undefined : 'It asks nothing.'
  if (!isObject(requests)) return 'inputRequests is not an object.'
  for (const request of Object.values(requests)) {
    if (!isObject(request) || typeof request['method'] !== 'string') return 'An input request has no method.'
    const refusal = clientMayBeAsked({ method: request['method'], params: request['params'] }, capabilities)
    if (refusal !== undefined) return refusal
  }
  return undefined
}
