import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'
import { describeSecurity, type CredentialHeaders } from './authorize-call.ts'
import { checkValue } from './check-value.ts'
import { hideCredential } from './hide-credential.ts'
import type { OperationCall } from './operation-call.ts'
import { essence, isJsonType, isTextType } from './read-body.ts'
import { nextPage } from './next-page.ts'

/** The service's answer, as egress hands it on. */
export interface ServiceReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

const ERROR_CHARACTERS = 4000

/** The result of `tools/call` (MCP 2026-07-28, Tool Result) that an answer of the service stands for. */
export function readReply(
  call: OperationCall,
  reply: ServiceReply,
  { uri, credential }: { readonly uri: string; readonly credential: CredentialHeaders | undefined },
): JsonObject {
  if (reply.status >= 200 && reply.status < 300) return success(call, reply, uri)
  return toolError(hideCredential(describeFailure(call, reply), credential))
}

export function toolError(text: string): JsonObject {
  return { resultType: 'complete', content: [{ type: 'text', text }], isError: true }
}

function success(call: OperationCall, reply: ServiceReply, uri: string): JsonObject {
  const { body, status } = reply
  const type = mediaTypeOf(reply)
  const more = nextPage(call, reply.headers['link'])
  const hint =
    more === undefined
      ? []
      : [{ type: 'text', text: `There is more: call again with ${JSON.stringify(more)}.` }]
  if (body.length === 0)
    return finish(call, [text(`Done (HTTP ${status}, without content).`), ...hint], undefined)
  const value = isJsonType(type) ? parse(body) : undefined
  if (value) return finish(call, [text(decode(reply)), ...hint], value)
  if (isJsonType(type) || isTextType(type) || type === '')
    return finish(call, [text(decode(reply)), ...hint], undefined)
  const data = body.toString('base64')
  if (type.startsWith('image/') || type.startsWith('audio/'))
    return finish(call, [{ type: type.slice(0, 5), data, mimeType: type }], undefined)
  return finish(call, [{ type: 'resource', resource: { uri, mimeType: type, blob: data } }], undefined)
}

/**
 * A tool that has an output schema must answer with structured content that fits it, or clients refuse the answer (MCP
 * 2025-11-25, Output Schema). An answer that does not fit is there as text alone, with a note.
 */
function finish(
  call: OperationCall,
  content: readonly JsonObject[],
  value: { readonly json: unknown } | undefined,
): JsonObject {
  const { outputSchema, wrapsAnswer } = call
  const structured = value && toStructured(value.json, wrapsAnswer)
  if (!outputSchema)
    return { resultType: 'complete', content, ...(structured ? { structuredContent: structured } : {}) }
  const [misfit] = structured ? checkValue(structured, outputSchema) : []
  if (structured && !misfit) return { resultType: 'complete', content, structuredContent: structured }
  const why = misfit ? `${misfit.pointer || 'it'} ${misfit.message}` : 'it is no JSON'
  const note =
    value || content.length > 1
      ? [text(`The answer does not fit its output schema (${why}); it is above, as it came.`)]
      : []
  return { resultType: 'complete', content: [...content, ...note], structuredContent: {} }
}

/** Structured content is an object in every revision; what is none stands under `result`. */
function toStructured(json: unknown, wraps: boolean): JsonObject {
  return isObject(json) && !wraps ? json : { result: json }
}

function parse(body: Buffer): { readonly json: unknown } | undefined {
  try {
    return { json: parseStrict(body) }
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined
    throw error
  }
}

function text(words: string): JsonObject {
  return { type: 'text', text: words }
}

function mediaTypeOf({ headers }: ServiceReply): string {
  const type = headers['content-type']
  return typeof type === 'string' ? essence(type) : ''
}

function decode({ headers, body }: ServiceReply): string {
  const type = headers['content-type']
  const charset = typeof type === 'string' ? /;\s*charset="?([\w-]+)/i.exec(type)?.[1] : undefined
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(body)
  } catch {
    // A charset that nobody knows.
    return new TextDecoder().decode(body)
  }
}

function describeFailure(call: OperationCall, reply: ServiceReply): string {
  const { status, headers } = reply
  const head = `The service answered HTTP ${status}${hintAt(call, status)}`
  if (status >= 300 && status < 400) {
    const { location } = headers
    const where = typeof location === 'string' ? ` to ${location.slice(0, 500)}` : ''
    return `${head}${where}. Parley follows no redirects.`
  }
  const type = mediaTypeOf(reply)
  const isReadable = isJsonType(type) || isTextType(type) || type === ''
  const value = isJsonType(type) ? parse(reply.body) : undefined
  const message = value && messageOf(value.json)
  const body = isReadable && type !== 'text/html' ? decode(reply).trim().slice(0, ERROR_CHARACTERS) : ''
  return [message === undefined ? `${head}.` : `${head}: ${message}`, ...(body === '' ? [] : [body])].join(
    '\n',
  )
}

function hintAt(call: OperationCall, status: number): string {
  if (status === 429) return ' (too many requests)'
  if (status === 403) return ' (it does not allow this)'
  if (status !== 401) return ''
  const wanted = describeSecurity(call)
  return ` (it wants a credential, or another one${wanted === undefined ? '' : `: ${wanted}`})`
}

/** The sentence for people in an error, where services put it. */
function messageOf(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string' && value !== '') return value.slice(0, 500)
  if (!isObject(value) || depth > 2) return undefined
  for (const name of ['message', 'detail', 'error_description', 'title', 'error', 'errors', 'reason']) {
    const found = messageOf(Array.isArray(value[name]) ? value[name][0] : value[name], depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
