import { ParleyError } from '@parley/contract'
import { StrictJsonError, parseStrict, scanEnvelope, type Envelope } from '../lib/strict-json/index.ts'
import type { Call, Received } from './call.ts'
import type { McpHeaders } from './read-headers.ts'

const OPENING_BRACE = 0x7b
const OPENING_BRACKET = 0x5b
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/** Whether the body is an array (JSON-RPC 2.0 §6). */
export function isBatch(body: Buffer): boolean {
  if (body[0] === OPENING_BRACE) return false
  return body.find((byte) => !SPACES.has(byte)) === OPENING_BRACKET
}

/** What of a call is not known when it arrives. */
export const UNDECIDED = {
  decision: undefined,
  capability: undefined,
  definitionHash: undefined,
  argumentsDigest: undefined,
} as const

/** One message of a session: a request as a call, undefined for a notification or a response. Throws when it is none. */
export function readCall(request: Received, body: Buffer, startedMicros: number): Call | undefined {
  const envelope = scan(body)
  const method = envelope.string('method')
  const id = envelope.span('id')
  const idJson = id && readId(envelope, id.start, id.end)
  checkEnvelope(envelope, method, id !== undefined)
  if (method === undefined || idJson === undefined) return undefined
  return { ...request, envelope, method, idJson, startedMicros, ...UNDECIDED }
}

/** The body as one message; throws when it could be read in different ways. */
export function scan(body: Buffer): Envelope {
  try {
    return scanEnvelope(body)
  } catch (error) {
    throw toBodyError(error)
  }
}

/** The whole value of a body, likewise. */
export function parseBody(body: Buffer): unknown {
  try {
    return parseStrict(body)
  } catch (error) {
    throw toBodyError(error)
  }
}

function toBodyError(error: unknown): unknown {
  if (!(error instanceof StrictJsonError)) return error
  const code = error.kind === 'syntax' ? 'invalid_json' : 'invalid_request'
  return new ParleyError(code, `The body ${error.message}.`, { cause: error })
}

/** The body's method, always; where the header says the same, it need not be decoded. */
export function methodOf(envelope: Envelope, { method }: McpHeaders): string | undefined {
  return method !== undefined && envelope.is('method', method) ? method : envelope.string('method')
}

/** The id's own text when it is a string or a safe integer (MCP, Requests); throws otherwise. */
export function readId(envelope: Envelope, start: number, end: number): string {
  const text = envelope.bytes.toString('utf8', start, end)
  const isText = text.startsWith('"') && text.length <= 1024
  if (!isText && !(/^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)))) {
    throw new ParleyError('invalid_request', 'id must be a string or an integer.')
  }
  return text
}

/** Throws `invalid_request` for what is no JSON-RPC message. */
export function checkEnvelope(envelope: Envelope, method: string | undefined, hasId: boolean): void {
  const bad = (what: string) => new ParleyError('invalid_request', what)
  if (isBatch(envelope.bytes)) throw bad('Batches are part of MCP 2025-03-26 alone; send one message.')
  if (!envelope.is('jsonrpc', '2.0')) throw bad('jsonrpc must be "2.0".')
  if (envelope.has('method') && method === undefined) throw bad('method must be a string.')
  const params = envelope.span('params')
  if (params && envelope.bytes[params.start] !== 0x7b) throw bad('params must be an object.')
  const isResponse = envelope.has('result') || envelope.has('error')
  if (method === undefined ? !(isResponse && hasId) : isResponse) throw bad('This is no JSON-RPC message.')
}
