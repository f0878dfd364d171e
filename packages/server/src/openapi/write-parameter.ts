import { isRawNumber } from '../lib/exact-numbers.ts'
import { isObject } from '../lib/json-rpc.ts'
import { UnfitArgument, encodeReserved, encodeText } from './encode-text.ts'
import type { ParameterBinding } from './operation-call.ts'

/** How a value's parts are written; identity where the place needs no encoding. */
type Encode = (text: string) => string

type Form = Pick<ParameterBinding, 'name' | 'style' | 'explode' | 'isJson' | 'allowReserved'>

/** Visible ASCII with inner spaces or tabs (RFC 9110 §5.5). */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/
const DOT_SEGMENT = /(?:^|[/\\])\.{1,2}(?:$|[/\\])/
const MAX_NESTING = 8

/**
 * A path parameter as it stands in the path (OpenAPI, Style Values; RFC 6570). Nothing in it can end its segment, and
 * what a server could take for steps to another path is refused even encoded, as some decode before they look.
 */
export function writePathValue(value: unknown, form: Form): string {
  const { name, style, explode } = form
  if (form.isJson) return encodeText(JSON.stringify(value))
  const isNamed = isObject(value) && !isRawNumber(value)
  const parts = partsOf(value, encodeText)
  if (parts.length === 0 || (!isNamed && parts.some(([, part]) => part === '')))
    throw new UnfitArgument('must not be empty: it is a part of the path')
  const texts = isNamed
    ? Object.values(value).map(textOf)
    : Array.isArray(value)
      ? value.map(textOf)
      : [textOf(value)]
  if (texts.some((text) => DOT_SEGMENT.test(text)))
    throw new UnfitArgument('must not hold "." or ".." as a step of a path')
  const pairs = parts.map(([key, part]) =>
    key === undefined ? part : explode ? `${key}=${part}` : `${key},${part}`,
  )
  const separator = explode ? { simple: ',', label: '.', matrix: ';' }[style as 'simple'] : ','
  if (style === 'label') return `.${pairs.join(separator)}`
  if (style !== 'matrix') return pairs.join(separator)
  const key = encodeText(name)
  if (!explode) return `;${key}=${pairs.join(',')}`
  return isNamed ? `;${pairs.join(';')}` : pairs.map((part) => `;${key}=${part}`).join('')
}

/** The `name=value` pairs of a query parameter, encoded; none for a value that says nothing. */
export function writeQueryValue(value: unknown, form: Form): string[] {
  const { style, explode } = form
  const encode: Encode = form.allowReserved ? encodeReserved : encodeText
  const key = encodeText(form.name)
  if (value === null) return []
  if (form.isJson) return [`${key}=${encodeText(JSON.stringify(value))}`]
  const isNamed = isObject(value) && !isRawNumber(value)
  if (style === 'deepObject' && (isNamed || Array.isArray(value))) return writeDeep(key, value, encode)
  const parts = partsOf(value, encode)
  if (parts.length === 0) return []
  if (explode && isNamed) return parts.map(([name, part]) => `${name}=${part}`)
  if (explode) return parts.map(([, part]) => `${key}=${part}`)
  // OpenAPI 3.1, Style Examples: the separator itself is encoded, since it is none that a query may hold.
  const separator = { spaceDelimited: '%20', pipeDelimited: '%7C' }[style as 'spaceDelimited'] ?? ','
  return [
    `${key}=${parts.flatMap(([name, part]) => (name === undefined ? [part] : [name, part])).join(separator)}`,
  ]
}

/** A header's value: no encoding exists for it, so what a header cannot carry is refused. */
export function writeHeaderValue(value: unknown, form: Form): string | undefined {
  if (value === null) return undefined
  const text = form.isJson ? JSON.stringify(value) : joinSimple(value, form.explode)
  if (text === '' || HEADER_VALUE.test(text)) return text
  throw new UnfitArgument('goes into a header, which holds plain ASCII without line breaks and outer blanks')
}

/** The `name=value` pairs of a cookie parameter, encoded. */
export function writeCookieValue(value: unknown, form: Form): string[] {
  return writeQueryValue(value, { ...form, allowReserved: false })
}

function joinSimple(value: unknown, explode: boolean): string {
  const parts = partsOf(value, (text) => text)
  return parts
    .map(([key, part]) => (key === undefined ? part : explode ? `${key}=${part}` : `${key},${part}`))
    .join(',')
}

/** A value's parts: one, those of a list, or those of an object with their names. */
function partsOf(value: unknown, encode: Encode): (readonly [string | undefined, string])[] {
  if (Array.isArray(value)) return value.map((one) => [undefined, encode(textOf(one))])
  if (isObject(value) && !isRawNumber(value)) {
    const present = Object.entries(value).filter(([, one]) => one !== undefined)
    return present.map(([key, one]) => [encode(key), encode(textOf(one))])
  }
  return [[undefined, encode(textOf(value))]]
}

/** A simple value as text; one that is not simple as JSON, since no style says how to write it. */
export function textOf(value: unknown): string {
  if (isRawNumber(value)) return value.rawJSON
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return value === null || value === undefined ? '' : String(value)
}

/** `filter[a][b]=c`: what the style says for one level, carried on as services do. */
function writeDeep(key: string, value: unknown, encode: Encode, depth = 0): string[] {
  if (depth > MAX_NESTING) throw new UnfitArgument(`is nested more than ${MAX_NESTING} levels deep`)
  if (Array.isArray(value))
    return value.flatMap((one, at) => writeDeep(`${key}[${at}]`, one, encode, depth + 1))
  if (isObject(value) && !isRawNumber(value))
    return Object.entries(value).flatMap(([name, one]) =>
      writeDeep(`${key}[${encodeText(name)}]`, one, encode, depth + 1),
    )
  return value === undefined ? [] : [`${key}=${encode(textOf(value))}`]
}
