import { valueAtPointer } from '../src/lib/json-pointer.ts'

type Schema = Record<string, any>

const MAX_DEPTH = 8

/** A value that fits a schema, whose references lead within `root`: with all that may be there, or only with what must. */
export function sampleValue(schema: Schema, how: { all: boolean; root?: Schema }, depth = 0): unknown {
  const root = how.root ?? schema
  const next = (one: Schema) => sampleValue(one, { ...how, root }, depth + 1)
  if (typeof schema['$ref'] === 'string')
    return depth > MAX_DEPTH ? {} : next(valueAtPointer(root, schema['$ref'].slice(1)) as Schema)
  if (schema['const'] !== undefined) return schema['const']
  if (schema['enum']) return schema['enum'][0]
  if (schema['examples']) return schema['examples'][0]
  if (schema['default'] !== undefined && schema['default'] !== null) return schema['default']
  const choice = (schema['anyOf'] ?? schema['oneOf'])?.[0]
  const parts = [choice, ...(schema['allOf'] ?? [])].filter((one) => one !== undefined).map(next)
  const own = ownValue(schema, how.all, next, depth)
  const objects = [...parts, own].filter(
    (one) => typeof one === 'object' && one !== null && !Array.isArray(one),
  )
  if (objects.length > 0) return Object.assign({}, ...objects)
  return parts.length > 0 ? parts.at(-1) : own
}

const ANYTHING = 'anything'

function ownValue(schema: Schema, all: boolean, next: (one: Schema) => unknown, depth: number): unknown {
  const [type] = [schema['type']].flat()
  if (type === 'object' || (type === undefined && schema['properties'])) {
    const required: string[] = schema['required'] ?? []
    const entries = Object.entries<Schema>(schema['properties'] ?? {}).filter(
      ([name], at) => required.includes(name) || (all && depth < 3) || at < (schema['minProperties'] ?? 0),
    )
    return Object.fromEntries(entries.map(([name, one]) => [name, next(one)]))
  }
  if (type === 'array') {
    const count = Math.max(schema['minItems'] ?? 0, depth < 6 ? 1 : 0)
    return Array.from({ length: count }, () => next(schema['items'] ?? {}))
  }
  if (type === 'integer' || type === 'number') return numberIn(schema)
  if (type === 'boolean') return true
  if (type === 'null') return null
  return type === 'string' ? textOf(schema) : ANYTHING
}

function numberIn({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): number {
  if (minimum !== undefined) return minimum
  if (exclusiveMinimum !== undefined) return exclusiveMinimum + 1
  if (maximum !== undefined) return Math.min(1, maximum)
  return exclusiveMaximum === undefined ? 1 : Math.min(1, exclusiveMaximum - 1)
}

const FORMATS: Record<string, string> = {
  'date-time': '2026-01-02T03:04:05Z',
  date: '2026-01-02',
  uri: 'https://example.com/a?b=c',
  url: 'https://example.com/a?b=c',
  email: 'a@example.com',
  uuid: '6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9',
  ipv4: '192.0.2.1',
  hostname: 'example.com',
}

function textOf(schema: Schema): string {
  if (schema['contentEncoding'] === 'base64') return 'aGVsbG8='
  const known = FORMATS[schema['format']]
  if (known !== undefined) return known
  // What tries every encoding, where nothing says how a text must look.
  const texts =
    schema['pattern'] === undefined ? ['a/b ?&=ü'] : ['abc123', '1', 'ssh-rsa AAAA', '#aabbcc', 'a@b.test']
  const padded = texts.map((text) => text.padEnd(schema['minLength'] ?? 0, '1').slice(0, schema['maxLength']))
  return padded.find((text) => RegExp(schema['pattern'] ?? '', 'u').test(text)) ?? padded[0]!
}
