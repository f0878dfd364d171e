import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Random } from '../lib/random.ts'
import { authorizeCall, type CredentialHeaders } from './authorize-call.ts'
import { checkValue } from './check-value.ts'
import { encodeBody, type EncodedBody } from './encode-body.ts'
import { UnfitArgument } from './encode-text.ts'
import type { BodyBinding, OperationCall, ParameterBinding } from './operation-call.ts'
import { writeCookieValue, writeHeaderValue, writePathValue, writeQueryValue } from './write-parameter.ts'

export interface ServiceRequest {
  readonly method: OperationCall['method']
  /** Path and query; nothing of a caller's value can leave its place in it. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

export type BuiltRequest =
  | { readonly kind: 'request'; readonly request: ServiceRequest }
  /** The arguments do not fit; for the caller, so that it can mend them. */
  | { readonly kind: 'unfit'; readonly problems: readonly string[] }

export interface BuildOptions {
  /** Of the service, without a slash at its end. */
  readonly basePath: string
  readonly credential: CredentialHeaders | undefined
  readonly random: Random
}

/** The request that a tool call stands for, from arguments that are held against the tool's schema first. */
export function buildRequest(call: OperationCall, given: unknown, options: BuildOptions): BuiltRequest {
  const values = given ?? {}
  const misfits = checkValue(values, call.inputSchema)
  if (misfits.length > 0 || !isObject(values))
    return {
      kind: 'unfit',
      problems: misfits.map(({ pointer, message }) => `${pointer || 'arguments'} ${message}`),
    }
  try {
    // An argument may be called what every object has.
    const own: JsonObject = Object.assign(Object.create(null) as object, values)
    return { kind: 'request', request: build(call, own, options) }
  } catch (error) {
    if (error instanceof UnfitArgument) return { kind: 'unfit', problems: [error.message] }
    throw error
  }
}

function build(call: OperationCall, values: JsonObject, options: BuildOptions): ServiceRequest {
  const { credential, random } = options
  const authorization = authorizeCall(call, credential)
  const of = (place: ParameterBinding['in']) => present(call, values, place)
  const query = of('query').flatMap(([binding, value]) =>
    named(binding, () => writeQueryValue(value, binding)),
  )
  const cookies = of('cookie').flatMap(([binding, value]) =>
    named(binding, () => writeCookieValue(value, binding)),
  )
  const headers: Record<string, string> = { accept: call.accept }
  for (const [binding, value] of of('header')) {
    const text = named(binding, () => writeHeaderValue(value, binding))
    if (text !== undefined) headers[binding.name.toLowerCase()] = text
  }
  const body =
    call.body && bodyOf(call.body, values, () => `parley-${Buffer.from(random.bytes(18)).toString('hex')}`)
  if (body) headers['content-type'] = body.contentType
  const allCookies = [...cookies, ...authorization.cookies]
  if (allCookies.length > 0) headers['cookie'] = allCookies.join('; ')
  const allQuery = [...query, ...authorization.query]
  return {
    method: call.method,
    path: pathOf(call, values, options.basePath) + (allQuery.length > 0 ? `?${allQuery.join('&')}` : ''),
    // Last, so that no argument can stand in for a credential.
    headers: { ...headers, ...authorization.headers },
    body: body?.bytes,
  }
}

function present(
  call: OperationCall,
  values: JsonObject,
  place: ParameterBinding['in'],
): (readonly [ParameterBinding, unknown])[] {
  return call.parameters
    .filter((binding) => binding.in === place && values[binding.argument] !== undefined)
    .map((binding) => [binding, values[binding.argument]])
}

function pathOf(call: OperationCall, values: JsonObject, basePath: string): string {
  const filled = call.path.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const binding = call.parameters.find((one) => one.in === 'path' && one.name === name)!
    return named(binding, () => writePathValue(values[binding.argument], binding))
  })
  const path = (call.basePath?.replace(/\/+$/, '') ?? basePath) + toPath(filled)
  // Two values side by side may make what neither is.
  const step = path.split('/').find((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))
  if (step !== undefined) throw new UnfitArgument('The path must not have "." or ".." as a step')
  return path
}

/** A path as the document writes it, with what a request target cannot hold encoded (RFC 3986 §3.3). */
function toPath(path: string): string {
  return path.replaceAll(/[^\x21-\x7e]|[?#"<>\\^`{|}]/gu, (sign) => encodeURIComponent(sign.toWellFormed()))
}

function bodyOf(body: BodyBinding, values: JsonObject, boundary: () => string): EncodedBody | undefined {
  const { properties, argument } = body
  if (!properties) {
    const value = values[argument]
    return value === undefined ? undefined : attempt(argument, () => encodeBody(value, body, boundary))
  }
  const entries = [...properties].flatMap(([name, property]) =>
    values[name] === undefined ? [] : [[property, values[name]] as const],
  )
  if (entries.length === 0 && !body.required) return undefined
  const missing = body.needs.filter((property) => !entries.some(([name]) => name === property))
  if (missing.length > 0) throw new UnfitArgument(`With a body these are needed too: ${missing.join(', ')}`)
  return attempt('the body', () => encodeBody(Object.fromEntries(entries), body, boundary))
}

function named<value>(binding: ParameterBinding, write: () => value): value {
  return attempt(binding.argument, write)
}

function attempt<value>(argument: string, work: () => value): value {
  try {
    return work()
  } catch (error) {
    if (error instanceof UnfitArgument) throw new UnfitArgument(`/${argument} ${error.message}`)
    throw error
  }
}
