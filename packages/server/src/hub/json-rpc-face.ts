import type { IncomingMessage } from 'node:http'
import { ParleyError, toParleyError } from '@parley/contract'
import {
  OPERATIONS,
  checkRequest,
  operationOfV03,
  requestFromV03,
  type A2aVersion,
  type OperationName,
} from '../a2a/index.ts'
import { sendBody } from '../http/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { parseStrict } from '../lib/strict-json/index.ts'
import type { EventFrame, HubCall, HubReply, Received, ReplyStream } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import type { ReadBody } from './read-body.ts'
import { readServiceParameters, type ServiceParameters } from './read-service-parameters.ts'
import { digestOf, serveCall } from './serve-call.ts'
import { errorContext } from './error-context.ts'
import { refusalHeaders } from './refusal-headers.ts'
import { makeCall } from './make-call.ts'
import { JSON_RPC_WORDINGS, type Wording } from './wording.ts'

/** JSON-RPC 2.0 (specification §9), in both versions. Errors are answered with status 200, but who may not call at all. */
export function receiveJsonRpc(hub: HubState, received: Received, readBody: ReadBody): void {
  const { req, res } = received
  if (req.method !== 'POST') throw new ParleyError('method_not_allowed', 'Use POST here.')
  refuseOtherMedia(req)
  readBody(req, res, { limitBytes: hub.tools.limits.bodyBytes }, (body) => {
    try {
      serveJsonRpc(hub, received, { body, parameters: readServiceParameters(req) })
    } catch (error) {
      new JsonRpcReply(hub, received, '1.0').fail(toParleyError(error))
    }
  })
}

function serveJsonRpc(
  hub: HubState,
  received: Received,
  { body, parameters }: { body: Buffer; parameters: ServiceParameters },
): void {
  const { version } = parameters
  const reply = new JsonRpcReply(hub, received, version)
  let call: HubCall
  try {
    const { operation, params } = readCall(body, version, reply)
    const request =
      version === '1.0' ? checkRequest(operation, params) : requestFromV03(operation, params, 'JSONRPC')
    call = makeCall(hub, received, { operation, request, parameters, argumentsDigest: digestOf(body) })
  } catch (error) {
    return reply.fail(toParleyError(error))
  }
  void serveCall(hub, call, reply)
}

function readCall(
  body: Buffer,
  version: A2aVersion,
  reply: JsonRpcReply,
): { operation: OperationName; params: unknown } {
  const message = readJson(body)
  if (!isObject(message)) throw new ParleyError('invalid_request', 'The body must be one JSON-RPC request.')
  const { jsonrpc, id, method, params } = message
  reply.setId(id)
  if (jsonrpc !== '2.0' || typeof method !== 'string')
    throw new ParleyError('invalid_request', 'The body must be a JSON-RPC 2.0 request with a method.')
  // Clients of 0.3 that send no id are answered, with null, by every server of it.
  const isNotice = version === '0.3' && id === undefined
  const operation = findOperation(version, method)
  if (!operation) throw unknownMethod(version, method)
  if (typeof id !== 'string' && typeof id !== 'number' && id !== null && !isNotice)
    throw new ParleyError('invalid_request', 'The request must have an id: a text or a number.')
  reply.setOperation(operation)
  return { operation, params: params ?? {} }
}

function findOperation(version: A2aVersion, method: string): OperationName | undefined {
  if (version === '0.3') return operationOfV03(method)
  return Object.hasOwn(OPERATIONS, method) ? (method as OperationName) : undefined
}

function readJson(body: Buffer): unknown {
  try {
    return parseStrict(body)
  } catch (cause) {
    throw new ParleyError('invalid_json', 'Invalid JSON payload', { cause })
  }
}

function unknownMethod(version: A2aVersion, method: string): ParleyError {
  const other = version === '0.3' ? '1.0' : '0.3'
  const words = findOperation(other, method)
    ? `This is a method of A2A ${other}: say A2A-Version: ${other}.`
    : `There is no method ${method.slice(0, 80)}.`
  return new ParleyError('method_not_found', words)
}

const JSON_TYPE = ['content-type', 'application/json']

class JsonRpcReply implements HubReply {
  readonly #hub: HubState
  readonly #received: Received
  readonly #wording: Wording
  #idJson = 'null'
  #operation: OperationName | undefined

  constructor(hub: HubState, received: Received, version: A2aVersion) {
    this.#hub = hub
    this.#received = received
    this.#wording = JSON_RPC_WORDINGS[version]
  }

  setId(id: unknown): void {
    if (typeof id === 'string' || typeof id === 'number') this.#idJson = JSON.stringify(id)
  }

  setOperation(operation: OperationName): void {
    this.#operation = operation
  }

  result(result: JsonObject): void {
    const answer = this.#wording.answer(this.#operation!, result)
    const json = `{"jsonrpc":"2.0","id":${this.#idJson},"result":${answer}}`
    const { res } = this.#received
    this.#hub.tools.writes.add(() => sendBody(res, 200, JSON_TYPE, json))
  }

  fail(error: ParleyError): void {
    const { status, headers } = refusalHeaders(error)
    const json = `{"jsonrpc":"2.0","id":${this.#idJson},"error":${this.#formOf(error)}}`
    sendBody(this.#received.res, status, ['content-type', 'application/json', ...headers], json)
  }

  stream(onLeft: () => void): ReplyStream {
    const { req, res, principal } = this.#received
    const place = this.#hub.tools.clientStreams.take(principal.subject)
    const head = `data: {"jsonrpc":"2.0","id":${this.#idJson},`
    const stream = place.open(req, res, { onClose: onLeft, onDrain: () => stream.end() })
    return {
      send: (frame: EventFrame) => stream.send(`${head}"result":${this.#wording.event(frame)}}\n\n`),
      end: () => stream.end(),
      fail: (error) => stream.end(`${head}"error":${this.#formOf(error)}}\n\n`),
    }
  }

  #formOf(error: ParleyError): string {
    return this.#wording.error(error, errorContext(this.#hub.tools.clock, error)).json
  }
}

function refuseOtherMedia(req: IncomingMessage): void {
  const type = req.headers['content-type']
  if (type !== undefined && /^application\/(?:a2a\+)?json\s*(?:;|$)/i.test(type)) return
  throw new ParleyError('unsupported_media_type', 'Content-Type must be application/json.')
}
