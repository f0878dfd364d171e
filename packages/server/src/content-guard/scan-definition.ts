import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { findHidden, stripHidden, type HiddenKind } from './hidden-text.ts'
import { findOrders } from './orders.ts'

/** Something in a definition that a reviewer should look at before approving it. */
export interface DefinitionFinding {
  readonly rule: string
  /** JSON Pointer (RFC 6901) of the text. */
  readonly pointer: string
  /** Whether people could not see it. */
  readonly hides: boolean
  /** What was found, made visible. */
  readonly excerpt: string
}

const MAX_FINDINGS = 20
const MAX_DEPTH = 64
const MAX_TEXTS = 5000
const LONG_BYTES = { description: 4096, title: 256 } as const

const HIDDEN_RULES: Readonly<Record<HiddenKind, string>> = {
  tags: 'hides text in tag characters',
  'zero-width': 'holds invisible characters',
  bidi: 'holds direction marks',
  control: 'holds control characters or terminal escapes',
  variation: 'hides data in variation selectors',
  comment: 'holds an HTML comment',
  padding: 'pushes text out of sight with blanks',
}

/**
 * Looks through all texts of a definition, names of its members too, for what is hidden and for orders to the model. It
 * advises; what was approved is pinned by its hash all the same.
 */
export function scanDefinition(definition: unknown): DefinitionFinding[] {
  const found: DefinitionFinding[] = []
  for (const { pointer, text } of textsOf(definition)) {
    if (found.length >= MAX_FINDINGS) break
    found.push(...scanText(text).map((finding) => ({ ...finding, pointer })))
    const limitBytes =
      pointer === '/description' ? LONG_BYTES.description : pointer === '/title' ? LONG_BYTES.title : Infinity
    if (Buffer.byteLength(text) > limitBytes)
      found.push({
        hides: false,
        rule: `is longer than ${limitBytes} bytes`,
        pointer,
        excerpt: text.slice(0, 60),
      })
  }
  return found.slice(0, MAX_FINDINGS)
}

/** A copy without what is hidden, its name left as it is; the definition itself where nothing is. */
export function stripDefinition(definition: JsonObject): JsonObject {
  const stripped = strip(definition, 0) as JsonObject
  if (stripped === definition) return definition
  const { name, uriTemplate } = definition
  return {
    ...stripped,
    ...(name !== undefined && { name }),
    ...(uriTemplate !== undefined && { uriTemplate }),
  }
}

function scanText(text: string): Omit<DefinitionFinding, 'pointer'>[] {
  const seen = new Set<string>()
  const hidden = findHidden(text).flatMap(({ kind, start, end }) => {
    const rule = HIDDEN_RULES[kind]
    if (seen.has(rule)) return []
    seen.add(rule)
    return [{ rule, hides: true, excerpt: visible(text.slice(start, Math.min(end, start + 120))) }]
  })
  // An order may stand in what is hidden, comments and tag characters included.
  const spelled = hidden.length > 0 ? [stripHidden(text), spell(text)] : [text]
  const orders = spelled.flatMap((one) => findOrders(one))
  return [...hidden, ...new Map(orders.map((order) => [order.rule, { ...order, hides: false }])).values()]
}

/** Tag characters as the ASCII that they stand for. */
function spell(text: string): string {
  return text.replaceAll(/[\u{E0020}-\u{E007E}]/gu, (tag) =>
    String.fromCharCode(tag.codePointAt(0)! - 0xe0000),
  )
}

/** Nothing of a finding must hide again where it is shown. */
function visible(part: string): string {
  return spell(part)
    .replaceAll(/[^\x20-\x7E\p{L}\p{N}\p{P}]/gu, (char) => {
      return `\\u{${char.codePointAt(0)!.toString(16).toUpperCase()}}`
    })
    .slice(0, 120)
}

function* textsOf(value: unknown): Generator<{ pointer: string; text: string }> {
  const waiting: { value: unknown; pointer: string; depth: number }[] = [{ value, pointer: '', depth: 0 }]
  let left = MAX_TEXTS
  for (let next = 0; next < waiting.length && left > 0; next++) {
    const { value: one, pointer, depth } = waiting[next]!
    if (typeof one === 'string') {
      left--
      yield { pointer, text: one }
    } else if (depth < MAX_DEPTH && Array.isArray(one)) {
      for (const [at, item] of one.slice(0, left).entries())
        waiting.push({ value: item, pointer: `${pointer}/${at}`, depth: depth + 1 })
    } else if (depth < MAX_DEPTH && isObject(one)) {
      for (const [key, member] of Object.entries(one).slice(0, left)) {
        const inner = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
        // A member's name is read by the model too.
        if (key.length > 24 || findHidden(key).length > 0)
          waiting.push({ value: key.replaceAll('_', ' '), pointer: inner, depth: depth + 1 })
        waiting.push({ value: member, pointer: inner, depth: depth + 1 })
      }
    }
  }
}

function strip(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return stripHidden(value)
  if (depth > MAX_DEPTH) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => strip(item, depth + 1))
    return items.every((item, at) => item === value[at]) ? value : items
  }
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([key, member]) => [key, strip(member, depth + 1)] as const)
  return members.every(([key, member]) => member === value[key]) ? value : Object.fromEntries(members)
}
