import type { EventStream } from './event-stream.ts'
import { exchange } from './http-exchange.ts'
import type { HttpRequest } from './http-exchange.ts'
import { isObject, listAt, objectAt } from './json.ts'
import type { JsonObject } from './json.ts'
import type { Operation, StreamOperation } from './operations.ts'
import { seenError } from './reply.ts'
import type { A2aClient, CallOptions, ClientOptions, HttpFacts, Reply, SeenError } from './reply.ts'
import { streamOverHttp } from './stream-over-http.ts'

export interface JsonRpcClient extends A2aClient {
  /** Anything as the body, for what is wrong on purpose. */
  post(body: string, options?: CallOptions): Promise<Reply>
  /** A method of any name, for 0.3. */
  callMethod(method: string, params: JsonObject | undefined, options?: CallOptions): Promise<Reply>
  openMethod(method: string, params: JsonObject, options?: CallOptions): Promise<EventStream>
}

/** JSON-RPC over HTTP, by hand (specification §9). */
export function createJsonRpcClient(client: ClientOptions): JsonRpcClient {
  let id = 0
  const toRequest = (body: string, options: CallOptions): HttpRequest => ({
    url: options.query === undefined ? client.url : `${client.url}?${options.query}`,
    method: 'POST',
    headers: requestHeaders(client, options),
    body,
  })
  const toBody = (method: string, params: JsonObject | undefined) =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: ++id,
      method,
      ...(params === undefined ? {} : { params: withTenant(client, params) }),
    })
  const post = async (body: string, options: CallOptions = {}) =>
    readReply(await exchange(toRequest(body, options)))
  const openMethod = (method: string, params: JsonObject, options: CallOptions = {}) =>
    streamOverHttp(toRequest(toBody(method, params), options), { readEvent, readReply })
  return {
    binding: 'JSONRPC',
    post,
    callMethod: (method, params, options) => post(toBody(method, params), options),
    openMethod,
    call: (operation: Operation, request: JsonObject = {}, options) =>
      post(toBody(operation, request), options),
    open: (operation: StreamOperation, request, options) => openMethod(operation, request, options),
    close: () => undefined,
  }
}

export function requestHeaders(
  client: ClientOptions,
  { version = client.version, token = client.token ?? null, headers }: CallOptions,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(version === null ? {} : { 'a2a-version': version }),
    ...(client.extensions === undefined ? {} : { 'a2a-extensions': client.extensions }),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...headers,
  }
}

/** §8.3.2: the interface's tenant in every request. */
export function withTenant({ tenant }: ClientOptions, request: JsonObject): JsonObject {
  return tenant === undefined ? request : { tenant, ...request }
}

function readReply(http: HttpFacts): Reply {
  const body = parse(http.text)
  if (body !== undefined && isObject(body['error'])) return { error: readError(body), http }
  if (body === undefined || !('result' in body))
    return { error: seenError(http.status, `no JSON-RPC answer: ${http.text.slice(0, 200)}`, []), http }
  return { result: objectAt(body, 'result'), http }
}

function readEvent(envelope: JsonObject): { event?: JsonObject; error?: SeenError } {
  if (isObject(envelope['error'])) return { error: readError(envelope) }
  return { event: objectAt(envelope, 'result') }
}

function readError(body: JsonObject): SeenError {
  const error = objectAt(body, 'error')
  return seenError(Number(error['code']), error['message'], listAt(error, 'data'))
}

export function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
