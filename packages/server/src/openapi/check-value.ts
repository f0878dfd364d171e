import { isRawNumber } from '../lib/exact-numbers.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { below } from './open-api-document.ts'

/** Where a value does not fit its schema, and how; for people and models. */
export interface Misfit {
  readonly pointer: string
  readonly message: string
}

interface Check {
  readonly defs: JsonObject
  readonly misfits: Misfit[]
  /** Steps left: a choice within choices must not take long. */
  steps: { left: number }
}

const MAX_MISFITS = 5
const MAX_STEPS = 100_000
const MAX_DEPTH = 128

/**
 * Holds a value against a schema as `convertSchema` makes them (JSON Schema 2020-12; no `$id`, no `not`). At most five
 * misfits. Patterns and formats are not looked at: a pattern of a document can take for ever, and the server has its own.
 */
export function checkValue(value: unknown, schema: JsonObject): readonly Misfit[] {
  const defs = isObject(schema['$defs']) ? schema['$defs'] : {}
  const check: Check = { defs, misfits: [], steps: { left: MAX_STEPS } }
  visit(value, schema, { pointer: '', depth: 0 }, check)
  return check.misfits
}

interface At {
  readonly pointer: string
  readonly depth: number
}

function visit(value: unknown, schema: unknown, at: At, check: Check): void {
  if (schema === true || !isObject(schema) || at.depth > MAX_DEPTH) return
  if (check.misfits.length >= MAX_MISFITS || --check.steps.left < 0) return
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const name = reference.slice('#/$defs/'.length)
    visit(value, Object.hasOwn(check.defs, name) ? check.defs[name] : {}, deeper(at, at.pointer), check)
  }
  if (isObject(schema['not']) && Object.keys(schema['not']).length === 0)
    return miss(check, at, 'may not be there')
  if (!fitsType(value, schema['type'])) return miss(check, at, `must be ${typeWords(schema['type'])}`)
  visitValue(value, schema, at, check)
  visitChoices(value, schema, at, check)
  if (Array.isArray(value)) visitArray(value, schema, at, check)
  else if (isObject(value) && !isRawNumber(value)) visitObject(value, schema, at, check)
}

function visitValue(value: unknown, schema: JsonObject, at: At, check: Check): void {
  const values = schema['enum']
  if (Array.isArray(values) && !values.some((one) => isSame(one, value)))
    miss(check, at, `must be one of ${JSON.stringify(values).slice(0, 300)}`)
  if (schema['const'] !== undefined && !isSame(schema['const'], value))
    miss(check, at, `must be ${JSON.stringify(schema['const']).slice(0, 100)}`)
  if (typeof value === 'string') {
    const length = [...value].length
    if (exceeds(schema['minLength'], length))
      miss(check, at, `must have ${String(schema['minLength'])} characters or more`)
    if (exceeds(length, schema['maxLength']))
      miss(check, at, `must have ${String(schema['maxLength'])} characters or fewer`)
  }
  const number = numberOf(value)
  if (number !== undefined) checkNumber(number, schema, at, check)
}

function checkNumber(number: number, schema: JsonObject, at: At, check: Check): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  if (exceeds(minimum, number)) miss(check, at, `must be ${String(minimum)} or more`)
  if (exceeds(number, maximum)) miss(check, at, `must be ${String(maximum)} or less`)
  if (typeof exclusiveMinimum === 'number' && number <= exclusiveMinimum)
    miss(check, at, `must be more than ${exclusiveMinimum}`)
  if (typeof exclusiveMaximum === 'number' && number >= exclusiveMaximum)
    miss(check, at, `must be less than ${exclusiveMaximum}`)
}

function visitChoices(value: unknown, schema: JsonObject, at: At, check: Check): void {
  if (Array.isArray(schema['allOf']))
    for (const one of schema['allOf']) visit(value, one, deeper(at, at.pointer), check)
  const choices = schema['anyOf']
  if (!Array.isArray(choices) || choices.length === 0) return
  let nearest: readonly Misfit[] | undefined
  for (const choice of choices) {
    const trial: Check = { ...check, misfits: [] }
    visit(value, choice, deeper(at, at.pointer), trial)
    if (trial.misfits.length === 0) return
    // What failed deepest came closest to what was meant.
    if (!nearest || depthOf(trial.misfits) > depthOf(nearest)) nearest = trial.misfits
  }
  check.misfits.push(...nearest!.slice(0, MAX_MISFITS - check.misfits.length))
}

function depthOf(misfits: readonly Misfit[]): number {
  return Math.max(...misfits.map(({ pointer }) => pointer.length))
}

function visitArray(value: readonly unknown[], schema: JsonObject, at: At, check: Check): void {
  if (exceeds(schema['minItems'], value.length))
    miss(check, at, `must have ${String(schema['minItems'])} items or more`)
  if (exceeds(value.length, schema['maxItems']))
    miss(check, at, `must have ${String(schema['maxItems'])} items or fewer`)
  const first = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : []
  for (const [index, one] of value.entries()) {
    visit(
      one,
      index < first.length ? first[index] : schema['items'],
      deeper(at, `${at.pointer}/${index}`),
      check,
    )
  }
}

function visitObject(value: JsonObject, schema: JsonObject, at: At, check: Check): void {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const count = Object.keys(value).length
  if (exceeds(schema['minProperties'], count))
    miss(check, at, `must have ${String(schema['minProperties'])} members or more`)
  if (exceeds(count, schema['maxProperties']))
    miss(check, at, `must have ${String(schema['maxProperties'])} members or fewer`)
  for (const name of required) {
    if (!Object.hasOwn(value, String(name)))
      miss(check, deeper(at, below(at.pointer, String(name))), 'is missing')
  }
  for (const [name, one] of Object.entries(value)) {
    const inside = deeper(at, below(at.pointer, name))
    if (Object.hasOwn(properties, name)) visit(one, properties[name], inside, check)
    else if (schema['additionalProperties'] === false) miss(check, inside, 'is not known here')
    else visit(one, schema['additionalProperties'], inside, check)
  }
}

function fitsType(value: unknown, type: unknown): boolean {
  if (Array.isArray(type)) return type.some((one) => fitsType(value, one))
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value) && !isRawNumber(value)
    case 'number':
      return numberOf(value) !== undefined
    case 'integer':
      return isInteger(value)
    case 'string':
    case 'boolean':
      return typeof value === type
    default:
      return true
  }
}

function isInteger(value: unknown): boolean {
  if (isRawNumber(value)) return /^-?\d+$/.test(value.rawJSON)
  return Number.isInteger(value)
}

/** A number that a double would round is compared as the double it is nearest to. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return isRawNumber(value) ? Number(value.rawJSON) : undefined
}

function typeWords(type: unknown): string {
  const words = (Array.isArray(type) ? type : [type]).map((one) =>
    one === 'integer'
      ? 'a whole number'
      : one === 'null'
        ? 'null'
        : one === 'array'
          ? 'a list'
          : one === 'object'
            ? 'an object'
            : `a ${String(one)}`,
  )
  return words.join(' or ')
}

function isSame(one: unknown, other: unknown): boolean {
  return (
    one === other ||
    (typeof one === 'object' && one !== null && JSON.stringify(one) === JSON.stringify(other))
  )
}

function exceeds(one: unknown, other: unknown): boolean {
  return typeof one === 'number' && typeof other === 'number' && one > other
}

function deeper({ depth }: At, pointer: string): At {
  return { pointer, depth: depth + 1 }
}

function miss(check: Check, { pointer }: At, message: string): void {
  if (check.misfits.length < MAX_MISFITS) check.misfits.push({ pointer, message })
}
