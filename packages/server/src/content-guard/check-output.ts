import { isObject, type JsonObject } from '../lib/json-rpc.ts'

/** Steps within one check: a schema of a hostile server must not keep the hub busy. */
const MAX_STEPS = 100_000
const MAX_DEPTH = 100

/**
 * Why a result does not fit the tool's `outputSchema`, undefined when it does (MCP, Tools: Output Schema). What can only be
 * told by running somebody else's pattern (`pattern`, `patternProperties`, `format`) is not looked at, nor are references
 * out of the schema; what takes too many steps counts as fitting.
 */
export function checkOutput(outputSchema: unknown, result: JsonObject): string | undefined {
  if (!isObject(outputSchema) || result['isError'] === true) return undefined
  const { structuredContent } = result
  if (structuredContent === undefined) return 'the structured content is missing'
  const checker = new Checker(outputSchema)
  const fault = checker.check(outputSchema, structuredContent, { pointer: '', depth: 0 })
  return fault ?? undefined
}

interface At {
  readonly pointer: string
  readonly depth: number
}

class Checker {
  readonly #root: JsonObject
  #steps = 0

  constructor(root: JsonObject) {
    this.#root = root
  }

  check(schema: unknown, value: unknown, at: At): string | undefined {
    if (++this.#steps > MAX_STEPS || at.depth > MAX_DEPTH) return undefined
    if (schema === false) return `${where(at)} must not be there`
    if (!isObject(schema)) return undefined
    const { $ref: reference } = schema
    if (typeof reference === 'string') {
      const fault = this.check(this.#resolve(reference), value, deeper(at))
      if (fault !== undefined) return fault
    }
    return (
      checkType(schema, value, at) ??
      checkValue(schema, value, at) ??
      this.#combined(schema, value, at) ??
      (isObject(value) ? this.#object(schema, value, at) : undefined) ??
      (Array.isArray(value) ? this.#array(schema, value, at) : undefined)
    )
  }

  #resolve(reference: string): unknown {
    if (reference === '#') return this.#root
    if (!reference.startsWith('#/')) return undefined
    let found: unknown = this.#root
    for (const part of reference.slice(2).split('/')) {
      const key = decode(part).replaceAll('~1', '/').replaceAll('~0', '~')
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
      found = (found as JsonObject)[key]
    }
    return found
  }

  #object(schema: JsonObject, value: JsonObject, at: At): string | undefined {
    const { properties, required, additionalProperties } = schema
    if (Array.isArray(required)) {
      const missing = required.find((key) => typeof key === 'string' && !Object.hasOwn(value, key))
      if (missing !== undefined) return `${where(at)} lacks "${String(missing).slice(0, 64)}"`
    }
    const known = isObject(properties) ? properties : {}
    const hasPatterns = isObject(schema['patternProperties'])
    for (const [key, member] of Object.entries(value)) {
      const isKnown = Object.hasOwn(known, key)
      if (!isKnown && (additionalProperties === undefined || hasPatterns)) continue
      const inner = { pointer: `${at.pointer}/${key.slice(0, 64)}`, depth: at.depth + 1 }
      const fault = this.check(isKnown ? known[key] : additionalProperties, member, inner)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #array(schema: JsonObject, value: readonly unknown[], at: At): string | undefined {
    const { prefixItems, items } = schema
    const first: readonly unknown[] = Array.isArray(prefixItems) ? prefixItems : []
    for (const [index, item] of value.entries()) {
      const own = index < first.length ? first[index] : items
      if (own === undefined) continue
      const fault = this.check(own, item, { pointer: `${at.pointer}/${index}`, depth: at.depth + 1 })
      if (fault !== undefined) return fault
      if (this.#steps > MAX_STEPS) return undefined
    }
    return undefined
  }

  #combined(schema: JsonObject, value: unknown, at: At): string | undefined {
    const { allOf, anyOf, oneOf, not } = schema
    const fits = (one: unknown) => this.check(one, value, deeper(at)) === undefined
    if (Array.isArray(allOf)) {
      for (const one of allOf) {
        const fault = this.check(one, value, deeper(at))
        if (fault !== undefined) return fault
      }
    }
    if (Array.isArray(anyOf) && !anyOf.some(fits)) return `${where(at)} fits none of the forms it may have`
    if (Array.isArray(oneOf) && oneOf.filter(fits).length !== 1)
      return `${where(at)} does not fit exactly one of the forms it may have`
    return not !== undefined && fits(not) ? `${where(at)} has a form that it must not have` : undefined
  }
}

function checkType({ type }: JsonObject, value: unknown, at: At): string | undefined {
  if (type === undefined) return undefined
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  return types.some((one) => isOfType(one, value)) ? undefined : `${where(at)} must be ${types.join(' or ')}`
}

function isOfType(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isObject(value)
    case 'array':
      return Array.isArray(value)
    case 'null':
      return value === null
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value)
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === type
    default:
      return true
  }
}

function checkValue(schema: JsonObject, value: unknown, at: At): string | undefined {
  if ('const' in schema && !isSame(schema['const'], value)) return `${where(at)} must be one value alone`
  if (Array.isArray(schema['enum']) && !schema['enum'].some((one) => isSame(one, value)))
    return `${where(at)} is none of the values it may have`
  const size = sizeOf(value)
  for (const [key, name] of LIMITS) {
    const bound = schema[key]
    if (typeof bound !== 'number' || size?.name !== name) continue
    const { count } = size
    if (isOut(key, count, bound)) return `${where(at)} is out of ${key} ${bound}`
  }
  return undefined
}

const LIMITS = [
  ['minimum', 'number'],
  ['maximum', 'number'],
  ['exclusiveMinimum', 'number'],
  ['exclusiveMaximum', 'number'],
  ['minLength', 'string'],
  ['maxLength', 'string'],
  ['minItems', 'array'],
  ['maxItems', 'array'],
  ['minProperties', 'object'],
  ['maxProperties', 'object'],
] as const

function isOut(key: string, count: number, bound: number): boolean {
  if (key === 'exclusiveMinimum') return count <= bound
  if (key === 'exclusiveMaximum') return count >= bound
  return key.startsWith('min') ? count < bound : count > bound
}

function sizeOf(value: unknown): { name: string; count: number } | undefined {
  if (typeof value === 'number') return { name: 'number', count: value }
  if (typeof value === 'string') return { name: 'string', count: [...value].length }
  if (Array.isArray(value)) return { name: 'array', count: value.length }
  return isObject(value) ? { name: 'object', count: Object.keys(value).length } : undefined
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other))
}

function where({ pointer }: At): string {
  return pointer === '' ? 'the structured content' : pointer.slice(0, 200)
}

function deeper(at: At): At {
  return { pointer: at.pointer, depth: at.depth + 1 }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // No percent encoding: the part stands for itself.
    return part
  }
}
