import { z } from 'zod'
import { configSchema } from './config-schema.ts'
import { suggestWord } from '@parley/contract/suggest-word'

interface Explained {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** A schema issue in words for people: what is wrong and what to write instead. */
export function explainIssue(issue: z.core.$ZodIssue): Explained[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: explainUnknown(key, issue.path),
      }))
    case 'invalid_key':
      return [{ path: issue.path, message: issue.issues.map((inner) => inner.message).join('; ') }]
    case 'invalid_type':
      return [{ path: issue.path, message: `write ${articled(issue.expected)}, not ${kindOf(issue.input)}` }]
    case 'too_small':
      return [{ path: issue.path, message: `must be at least ${issue.minimum}${lengthUnit(issue.origin)}` }]
    case 'too_big':
      return [{ path: issue.path, message: `must be at most ${issue.maximum}${lengthUnit(issue.origin)}` }]
    case 'invalid_value':
      return [{ path: issue.path, message: `write one of: ${issue.values.join(', ')}` }]
    default:
      return [{ path: issue.path, message: issue.message }]
  }
}

function explainUnknown(key: string, path: readonly PropertyKey[]): string {
  const known = knownKeys(path)
  const near = suggestWord(key, known)
  if (near) return `there is no setting of this name; did you mean "${near}"?`
  return `there is no setting of this name; here stand: ${known.join(', ')}`
}

/** The settings that the schema knows at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema
  for (const step of path) {
    const inner = unwrap(schema)
    if (inner instanceof z.ZodObject) schema = inner.shape[String(step)]
    else if (inner instanceof z.ZodRecord) schema = inner.valueType
    else return []
  }
  const inner = unwrap(schema)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

function unwrap(schema: unknown): unknown {
  let inner = schema
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap()
  return inner
}

function lengthUnit(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' ? ' entries' : ''
}

const EXPECTED: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text (in quotes if it looks like a number)',
  boolean: 'true or false',
  array: 'a list',
  object: 'settings (key: value)',
  record: 'settings (key: value)',
}

function articled(expected: string): string {
  return EXPECTED[expected] ?? expected
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'settings'
  return typeof value === 'string' ? 'text' : JSON.stringify(value)
}
