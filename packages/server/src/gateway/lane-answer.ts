import { ParleyError, type ActivityRecord } from '@parley/contract'
import { isObject, isRpcError, type JsonObject } from '../lib/json-rpc.ts'
import { StrictJsonError, scanEnvelope, type Envelope } from '../lib/strict-json/index.ts'
import type { Call, GatewayTools } from './call.ts'
import { capabilitiesOf } from './exchange-once.ts'
import { refuseInputRequests } from './input-requests.ts'
import { statusOfRpcError } from './reply.ts'
import type { StateBinding } from './request-state.ts'

/** A response as it goes to the client: nearly always the very bytes that came. */
export interface Answer {
  readonly json: Buffer | string
  readonly status: number
  readonly result: ActivityRecord['result']
}

/**
 * Checks a modern server's response to this call without parsing what the hub has no use for. Only a result that asks
 * for input is written again, with the server's state sealed. Throws `upstream_invalid`.
 */
export function readAnswer(tools: GatewayTools, call: Call, binding: StateBinding, body: Buffer): Answer {
  const envelope = scanServerMessage(body)
  checkResponse(envelope, call.idJson)
  if (envelope.has('error')) return readError(envelope)
  if (envelope.is('resultType', 'input_required')) return readQuestion(tools, call, binding, envelope)
  const isToolError = envelope.has('isError') && envelope.value('isError') === true
  return { json: body, status: 200, result: isToolError ? 'tool_error' : 'ok' }
}

/** Throws `upstream_invalid` for what is no clean JSON. */
export function scanServerMessage(body: Buffer): Envelope {
  try {
    return scanEnvelope(body)
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw invalid(`The server sent something that is no clean JSON: it ${error.message}.`)
  }
}

function checkResponse(envelope: Envelope, idJson: string): void {
  const hasResult = envelope.has('result')
  if (!envelope.is('jsonrpc', '2.0') || envelope.has('method') || hasResult === envelope.has('error'))
    throw invalid('The server sent something that is no JSON-RPC response.')
  const result = envelope.span('result')
  if (result && envelope.bytes[result.start] !== 0x7b)
    throw invalid('The server sent a result that is no object.')
  const id = envelope.span('id')
  if (id && envelope.bytes.toString('utf8', id.start, id.end) === idJson) return
  if (id && envelope.value('id') === JSON.parse(idJson)) return
  throw invalid('The server answered something else than was asked.')
}

function readError(envelope: Envelope): Answer {
  const error = envelope.value('error')
  if (!isRpcError(error)) throw invalid('The server sent an error that is none of JSON-RPC.')
  return { json: envelope.bytes, status: statusOfRpcError(error.code), result: 'ok' }
}

function readQuestion(tools: GatewayTools, call: Call, binding: StateBinding, envelope: Envelope): Answer {
  const value = envelope.value('result')
  const result: JsonObject = isObject(value) ? value : {}
  const refusal = refuseInputRequests(result, capabilitiesOf(call))
  if (refusal !== undefined)
    throw invalid(`The server asked for input that this client cannot give. ${refusal}`)
  const state = result['requestState']
  const sealed =
    typeof state === 'string'
      ? { ...result, requestState: tools.states.seal({ upstream: state }, binding) }
      : result
  return {
    json: `{"jsonrpc":"2.0","id":${call.idJson},"result":${JSON.stringify(sealed)}}`,
    status: 200,
    result: 'input_required',
  }
}

function invalid(message: string): ParleyError {
  return new ParleyError('upstream_invalid', message)
}
