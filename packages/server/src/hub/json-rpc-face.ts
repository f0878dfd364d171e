import { ParleyError, toParleyError } from '@parley/contract'
import { OPERATIONS, checkRequest, toJsonRpcError, type OperationName } from '../a2a/index.ts'
import { sendBody } from '../http/index.ts'
import { isObject, type JsonObject, type RpcError } from '../lib/json-rpc.ts'
import { parseStrict } from '../lib/strict-json/index.ts'
import type { EventFrame, HubCall, HubReply, Received, ReplyStream } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import type { ServiceParameters } from './read-service-parameters.ts'
import { digestOf, serveCall } from './serve-call.ts'
import { errorContext } from './error-context.ts'
import { refusalHeaders } from './refusal-headers.ts'
import { makeCall } from './make-call.ts'

/** JSON-RPC 2.0 of A2A 1.0 (specification §9). Errors are answered with status 200, but who may not call at all. */
export function serveJsonRpc(
  hub: HubState,
  received: Received,
  { body, parameters }: { body: Buffer; parameters: ServiceParameters },
): void {
  const reply = new JsonRpcReply(hub, received)
  let call: HubCall
  try {
    const { operation, params } = readCall(body, reply)
    const request = checkRequest(operation, params)
    call = makeCall(hub, received, { operation, request, parameters, argumentsDigest: digestOf(body) })
  } catch (error) {
    return reply.fail(toParleyError(error))
  }
  void serveCall(hub, call, reply)
}

function readCall(body: Buffer, reply: JsonRpcReply): { operation: OperationName; params: unknown } {
  const message = readJson(body)
  if (!isObject(message)) throw new ParleyError('invalid_request', 'The body must be one JSON-RPC request.')
  const { jsonrpc, id, method, params } = message
  reply.setId(id)
  if (jsonrpc !== '2.0' || typeof method !== 'string')
    throw new ParleyError('invalid_request', 'The body must be a JSON-RPC 2.0 request with a method.')
  if (typeof id !== 'string' && typeof id !== 'number' && id !== null)
    throw new ParleyError('invalid_request', 'The request must have an id: a text or a number.')
  if (!Object.hasOwn(OPERATIONS, method)) throw unknownMethod(method)
  return { operation: method as OperationName, params: params ?? {} }
}

function readJson(body: Buffer): unknown {
  try {
    return parseStrict(body)
  } catch (cause) {
    throw new ParleyError('invalid_json', 'Invalid JSON payload', { cause })
  }
}

function unknownMethod(method: string): ParleyError {
  const isOf03 = method.includes('/')
  return new ParleyError(
    'method_not_found',
    isOf03
      ? 'This is a method of A2A 0.3, and the request says A2A-Version: 1.0.'
      : `There is no method ${method.slice(0, 80)}.`,
  )
}

export class JsonRpcReply implements HubReply {
  readonly #hub: HubState
  readonly #received: Received
  #idJson = 'null'

  constructor(hub: HubState, received: Received) {
    this.#hub = hub
    this.#received = received
  }

  setId(id: unknown): void {
    if (typeof id === 'string' || typeof id === 'number') this.#idJson = JSON.stringify(id)
  }

  result(result: JsonObject): void {
    const json = `{"jsonrpc":"2.0","id":${this.#idJson},"result":${JSON.stringify(result)}}`
    sendBody(this.#received.res, 200, ['content-type', 'application/json'], json)
  }

  fail(error: ParleyError): void {
    const { status, headers } = refusalHeaders(error)
    const json = `{"jsonrpc":"2.0","id":${this.#idJson},"error":${JSON.stringify(this.#formOf(error))}}`
    sendBody(this.#received.res, status, ['content-type', 'application/json', ...headers], json)
  }

  stream(onLeft: () => void): ReplyStream {
    const { req, res, principal } = this.#received
    const place = this.#hub.tools.clientStreams.take(principal.subject)
    const head = `data: {"jsonrpc":"2.0","id":${this.#idJson},`
    const stream = place.open(req, res, { onClose: onLeft, onDrain: () => stream.end() })
    return {
      send: (frame: EventFrame) => stream.send(`${head}"result":${frame.json}}\n\n`),
      end: () => stream.end(),
      fail: (error) => stream.end(`${head}"error":${JSON.stringify(this.#formOf(error))}}\n\n`),
    }
  }

  #formOf(error: ParleyError): RpcError {
    return toJsonRpcError(error, errorContext(this.#hub.tools.clock, error))
  }
}
