import { isObject, type JsonObject } from '../lib/json-rpc.ts'

const DEPTHS = [12, 8, 6, 5, 4, 3, 2, 1]

/** Keywords whose values are schemas by name. */
const MAPS: ReadonlySet<string> = new Set(['properties', '$defs'])

/**
 * A schema that is too long for its place, made shorter by letting its deeper parts stand for anything of their type. It
 * allows all that it allowed before; what it no longer says, the server still holds a value to.
 */
export function fitSchema(schema: JsonObject, characters: number): JsonObject {
  if (JSON.stringify(schema).length <= characters) return schema
  for (const depth of DEPTHS) {
    const cut = dropUnused(cutBelow(schema, depth) as JsonObject)
    if (JSON.stringify(cut).length <= characters) return cut
  }
  const bare = dropUnused(withoutWords(cutBelow(schema, 1)) as JsonObject)
  return JSON.stringify(bare).length <= characters ? bare : { type: 'object' }
}

function cutBelow(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return value.map((one) => cutBelow(one, depth))
  if (!isObject(value)) return value
  const entries = Object.entries(value).flatMap(([keyword, one]) => {
    if (!isStructure(keyword)) return [[keyword, one] as const]
    if (depth <= 0) return []
    if (!MAPS.has(keyword)) return [[keyword, cutBelow(one, depth - 1)] as const]
    const below = isObject(one)
      ? Object.entries(one).map(([name, schema]) => [name, cutBelow(schema, depth - 1)])
      : []
    return [[keyword, Object.fromEntries(below) as unknown] as const]
  })
  const cut = Object.fromEntries(entries)
  // What the removed properties were needed for is gone with them.
  if (depth <= 0) for (const keyword of ['required', 'additionalProperties']) delete cut[keyword]
  return cut
}

function isStructure(keyword: string): boolean {
  return MAPS.has(keyword) || SCHEMAS.has(keyword)
}

const SCHEMAS: ReadonlySet<string> = new Set([
  'items',
  'prefixItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'propertyNames',
])

function withoutWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWords)
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(
    ([keyword, one]) => typeof one !== 'string' || keyword !== 'description',
  )
  return Object.fromEntries(
    kept.map(([keyword, one]) => [keyword, VALUES.has(keyword) ? one : withoutWords(one)]),
  )
}

/** Keywords that hold values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples'])

/** Leaves out the definitions that nothing refers to any more. */
function dropUnused(schema: JsonObject): JsonObject {
  const { $defs: defs, ...rest } = schema
  if (!isObject(defs)) return schema
  const used = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (!isObject(value)) return
    const reference = value['$ref']
    if (typeof reference === 'string' && reference.startsWith('#/$defs/')) {
      const name = reference.slice('#/$defs/'.length)
      if (used.has(name)) return
      used.add(name)
      visit(defs[name])
    }
    for (const one of Object.values(value)) visit(one)
  }
  visit(rest)
  const kept = Object.entries(defs).filter(([name]) => used.has(name))
  return kept.length === 0 ? rest : { ...rest, $defs: Object.fromEntries(kept) }
}
