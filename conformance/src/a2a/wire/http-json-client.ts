import { exchange } from './http-exchange.ts'
import type { HttpRequest } from './http-exchange.ts'
import { isObject, listAt, objectAt } from './json.ts'
import type { JsonObject } from './json.ts'
import { parse, requestHeaders, withTenant } from './json-rpc-client.ts'
import { OPERATIONS } from './operations.ts'
import type { Operation } from './operations.ts'
import { seenError } from './reply.ts'
import type { A2aClient, CallOptions, ClientOptions, HttpFacts, Reply, SeenError } from './reply.ts'
import { streamOverHttp } from './stream-over-http.ts'

export interface HttpJsonClient extends A2aClient {
  /** Any method, path and body, for what is wrong on purpose. */
  send(method: string, path: string, body?: string, options?: CallOptions): Promise<Reply>
}

/** HTTP+JSON, by hand (specification §11). */
export function createHttpJsonClient(client: ClientOptions): HttpJsonClient {
  const root = client.url.replace(/\/$/, '')
  const toRequest = (
    method: string,
    path: string,
    options: CallOptions & { body?: string },
  ): HttpRequest => ({
    url: `${root}${path}${options.query === undefined ? '' : `${path.includes('?') ? '&' : '?'}${options.query}`}`,
    method,
    headers: {
      ...requestHeaders(client, options),
      ...(options.body === undefined ? {} : { 'content-type': 'application/a2a+json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: options.body }),
  })
  const toOperation = (operation: Operation, request: JsonObject, options: CallOptions): HttpRequest => {
    const [method] = OPERATIONS[operation]
    const { path, rest } = fillPath(operation, withTenant(client, request))
    if (method === 'POST') return toRequest('POST', path, { ...options, body: JSON.stringify(rest) })
    const query = toQuery(rest)
    return toRequest(method, query === '' ? path : `${path}?${query}`, options)
  }
  return {
    binding: 'HTTP+JSON',
    send: async (method, path, body, options = {}) =>
      readReply(
        await exchange(toRequest(method, path, { ...options, ...(body === undefined ? {} : { body }) })),
      ),
    call: async (operation, request = {}, options = {}) =>
      readReply(await exchange(toOperation(operation, request, options))),
    open: (operation, request, options = {}) =>
      streamOverHttp(toOperation(operation, request, options), { readEvent, readReply }),
    close: () => undefined,
  }
}

function fillPath(operation: Operation, request: JsonObject): { path: string; rest: JsonObject } {
  const rest = { ...request }
  const [, template] = OPERATIONS[operation]
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name] ?? '')
    delete rest[name]
    return encodeURIComponent(value)
  })
  return { path, rest }
}

/** §11.5: camelCase names, lower-case booleans, decimal numbers. */
function toQuery(fields: JsonObject): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) query.append(name, String(value))
  return query.toString()
}

function readReply(http: HttpFacts): Reply {
  const body = parse(http.text)
  if (http.status >= 200 && http.status < 300) return { result: body ?? {}, http }
  return { error: readError(body ?? {}, http.status), http }
}

function readEvent(envelope: JsonObject, eventName: string): { event?: JsonObject; error?: SeenError } {
  if (eventName === 'error' || isObject(envelope['error'])) return { error: readError(envelope, 0) }
  return { event: envelope }
}

function readError(body: JsonObject, status: number): SeenError {
  const error = objectAt(body, 'error')
  return seenError(Number(error['code'] ?? status), error['message'], listAt(error, 'details'))
}
