import { isRawNumber } from '../lib/exact-numbers.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { checkScalar, isRefusal } from './check-scalar.ts'
import { SHAPES, type FieldShape, type MessageShape } from './message-shapes.ts'
import type { MessageName } from './schema.ts'

/** A violation in the form of `google.rpc.BadRequest`. */
export interface FieldViolation {
  readonly field: string
  readonly description: string
}

export type CheckedMessage =
  | { readonly kind: 'valid'; readonly value: JsonObject }
  | { readonly kind: 'invalid'; readonly violations: readonly FieldViolation[] }

/** Who says it. An agent's required lists and maps may be empty or absent: ProtoJSON writers leave empty ones out. */
export type Speaker = 'client' | 'agent'

const MAX_VIOLATIONS = 20
const MAX_LIST_ITEMS = 10_000
const MAX_KEY_CHARS = 64

/**
 * Holds a parsed JSON text against its message in `a2a.proto`. What is right is answered as it is, fields that nobody
 * knows included (specification §5.7). Other spellings that ProtoJSON allows become the one of the specification:
 * `snake_case` names, numbers of enums, numbers as text, base64url, offsets of time; `null` is as not set, and so is the
 * empty text of a field without presence. Depth is the strict JSON reader's to limit.
 */
export function checkMessage(name: MessageName, json: unknown, speaker: Speaker): CheckedMessage {
  const check: Check = { violations: [], path: [], speaker }
  const value = readMessage(SHAPES[name], json, check)
  return check.violations.length === 0
    ? { kind: 'valid', value: value as JsonObject }
    : { kind: 'invalid', violations: check.violations }
}

interface Check {
  readonly violations: FieldViolation[]
  readonly path: (string | number)[]
  readonly speaker: Speaker
}

function readMessage(shape: MessageShape, json: unknown, check: Check): unknown {
  if (!isObject(json) || isRawNumber(json)) return refuse(check, 'Must be an object.')
  let copy: Record<string, unknown> | undefined
  let requiredSeen = 0
  let member: string | undefined
  for (const key in json) {
    const field = shape.byName.get(key) ?? shape.byProtoName.get(key)
    if (field === undefined) continue
    const given = json[key]
    check.path.push(field.name)
    if (key !== field.name && Object.hasOwn(json, field.name)) refuse(check, 'Is given twice.')
    const value = isUnset(field, given) ? undefined : readField(field, given, check)
    if (field.oneof !== undefined && value !== undefined) {
      if (member !== undefined) refuse(check, `Cannot be set beside ${member}.`)
      member = field.name
    }
    check.path.pop()
    if (value !== undefined && field.isRequired && !isLeftEmpty(field, value, check.speaker))
      requiredSeen |= 1 << field.requiredIndex
    if (value !== given || key !== field.name) {
      copy ??= { ...json }
      delete copy[key]
      if (value !== undefined) copy[field.name] = value
    }
  }
  if (requiredSeen !== (1 << shape.required.length) - 1) refuseMissing(shape, requiredSeen, check)
  if (shape.oneof !== undefined && member === undefined) {
    const names = shape.fields.filter((field) => field.oneof !== undefined).map((field) => field.name)
    refuse(check, `Must have one of ${names.join(', ')}.`)
  }
  return copy ?? json
}

/** `null` is a value of its own in a Value alone. */
function isUnset(field: FieldShape, given: unknown): boolean {
  return given === undefined || (given === null && field.value.kind !== 'Value')
}

/** `undefined` where the value stands for none. */
function readField(field: FieldShape, given: unknown, check: Check): unknown {
  if (field.isList) return readList(field, given, check)
  if (field.isMap) return readMap(field, given, check)
  const value = readValue(field, given, check)
  if (field.hasPresence || field.isRequired) return value
  return value === '' || (field.value.kind === 'enum' && value === field.value.names[0]) ? undefined : value
}

function readList(field: FieldShape, given: unknown, check: Check): unknown {
  if (!Array.isArray(given)) return refuse(check, 'Must be an array.')
  if (given.length > MAX_LIST_ITEMS) return refuse(check, `Has more than ${MAX_LIST_ITEMS} items.`)
  let copy: unknown[] | undefined
  for (let index = 0; index < given.length; index++) {
    check.path.push(index)
    const value = readValue(field, given[index], check)
    check.path.pop()
    if (value !== given[index]) {
      copy ??= [...given]
      copy[index] = value
    }
  }
  return copy ?? given
}

function readMap(field: FieldShape, given: unknown, check: Check): unknown {
  if (!isObject(given)) return refuse(check, 'Must be an object.')
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(given)) {
    check.path.push(key)
    const value = readValue(field, given[key], check)
    check.path.pop()
    if (value !== given[key]) {
      copy ??= { ...given }
      copy[key] = value
    }
  }
  return copy ?? given
}

function readValue(field: FieldShape, given: unknown, check: Check): unknown {
  const shape = field.value
  if (shape.kind === 'message') return readMessage(shape.message, given, check)
  const value = checkScalar(shape, given)
  return isRefusal(value) ? refuse(check, value.says) : value
}

/** What a required field must not be (§5.7). */
function isLeftEmpty(field: FieldShape, value: unknown, speaker: Speaker): boolean {
  if (field.mayBeEmpty) return false
  if (field.isList) return speaker === 'client' && (value as readonly unknown[]).length === 0
  return value === '' || (field.value.kind === 'enum' && value === field.value.names[0])
}

function refuseMissing(shape: MessageShape, requiredSeen: number, check: Check): void {
  for (const field of shape.required) {
    if ((requiredSeen & (1 << field.requiredIndex)) !== 0) continue
    if (field.mayBeEmpty || (check.speaker === 'agent' && (field.isList || field.isMap))) continue
    check.path.push(field.name)
    // A field of the wrong type is already told of.
    if (!isToldOf(check)) refuse(check, field.isList ? 'At least one is required.' : 'Is required.')
    check.path.pop()
  }
}

function isToldOf(check: Check): boolean {
  const path = writePath(check.path)
  return check.violations.some(
    ({ field }) => field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`),
  )
}

function refuse(check: Check, description: string): undefined {
  if (check.violations.length < MAX_VIOLATIONS)
    check.violations.push({ field: writePath(check.path), description })
  return undefined
}

/** `message.parts[0].text`; names that a caller chose are cut and made plain. */
function writePath(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += `${text === '' ? '' : '.'}${step.slice(0, MAX_KEY_CHARS).replace(/[^\w .:/@-]/g, '?')}`
  }
  return text
}
