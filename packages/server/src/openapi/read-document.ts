import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { MAX_DEPTH, StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'
import { OpenApiDocument } from './open-api-document.ts'

/** Most that a YAML document may repeat by aliases, and its size: reading YAML takes a hundred times as long as JSON. */
const MAX_ALIASES = 1000
const MAX_YAML_BYTES = 4 * 1024 * 1024
const MAX_VALUES = 4_000_000

/**
 * Reads the bytes of an OpenAPI document, JSON or YAML. The size is the caller's to limit.
 * @throws ParleyError `upstream_invalid` saying what is wrong with it.
 */
export async function readDocument(bytes: Buffer): Promise<OpenApiDocument> {
  const isJson = firstByte(bytes) === 0x7b
  const root = isJson ? readJson(bytes) : await readYaml(bytes)
  if (!isObject(root)) throw unusable('is no object')
  return new OpenApiDocument(root, versionOf(root))
}

function readJson(bytes: Buffer): unknown {
  try {
    return parseStrict(bytes)
  } catch (error) {
    if (error instanceof StrictJsonError) throw unusable(`is no clean JSON: it ${error.message}`, error)
    throw error
  }
}

/** YAML 1.2 with its JSON types alone; aliases are resolved up to a count, and keys stand once. */
async function readYaml(bytes: Buffer): Promise<unknown> {
  if (bytes.length > MAX_YAML_BYTES)
    throw unusable(`is YAML of more than ${MAX_YAML_BYTES} bytes; give it as JSON`)
  const { parseDocument } = await import('yaml')
  let value: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const document = parseDocument(text, {
      uniqueKeys: true,
      stringKeys: true,
      logLevel: 'silent',
      schema: 'core',
    })
    const [problem] = document.errors
    if (problem) throw problem
    value = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n')[0]!.slice(0, 200) : 'it cannot be read'
    throw unusable(`is neither JSON nor YAML: ${said}`, error)
  }
  // An alias is one object in two places, so what is walked here counts what it stands for.
  measure(value)
  return value
}

function measure(root: unknown): void {
  let count = 0
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return
    if (depth > MAX_DEPTH) throw unusable(`is nested more than ${MAX_DEPTH} levels deep`)
    for (const one of Object.values(value)) {
      if (++count > MAX_VALUES) throw unusable(`holds more than ${MAX_VALUES} values`)
      walk(one, depth + 1)
    }
  }
  walk(root, 0)
}

/** OpenAPI §4.8.1: `openapi` is the version; 3.0 and 3.1 differ in what a schema is. */
function versionOf(root: JsonObject): '3.0' | '3.1' {
  const { openapi, swagger } = root
  if (typeof openapi === 'string' && /^3\.0(?:\.|$)/.test(openapi)) return '3.0'
  if (typeof openapi === 'string' && /^3\.[12](?:\.|$)/.test(openapi)) return '3.1'
  if (swagger !== undefined)
    throw unusable('is Swagger 2.0; convert it to OpenAPI 3, for which its editors have a command')
  const said = typeof openapi === 'string' ? `OpenAPI ${openapi.slice(0, 20)}` : 'no OpenAPI document'
  throw unusable(`is ${said}; Parley reads OpenAPI 3.0 and 3.1 (at #/openapi)`)
}

function firstByte(bytes: Buffer): number | undefined {
  const start = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  return bytes
    .subarray(start)
    .find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
}

function unusable(what: string, cause?: unknown): ParleyError {
  return new ParleyError('upstream_invalid', `The OpenAPI document ${what}.`, { cause })
}
