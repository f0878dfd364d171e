import { isRawNumber } from '../lib/exact-numbers.ts'
import { isObject } from '../lib/json-rpc.ts'
import type { ValueShape } from './message-shapes.ts'
import { toUtcTimestamp } from './timestamp.ts'

/** What is wrong with a value, for the one who sent it. */
export class Refusal {
  readonly says: string

  constructor(says: string) {
    this.says = says
  }
}

export function isRefusal(value: unknown): value is Refusal {
  return value instanceof Refusal
}

const MAX_INT32 = 2 ** 31 - 1
const MIN_INT32 = -(2 ** 31)
const NOT_TEXT = new Refusal('Must be a string.')
const NOT_WELL_FORMED = new Refusal('Holds half of a surrogate pair, which UTF-8 cannot say.')
const NOT_BOOLEAN = new Refusal('Must be true or false.')
const NOT_INT32 = new Refusal('Must be a whole number of 32 bits.')
const NOT_BASE64 = new Refusal('Must be base64.')
const NOT_OBJECT = new Refusal('Must be an object.')
const NOT_TIMESTAMP = new Refusal('Must be a time such as 2025-10-28T10:30:00.000Z.')

/** One value as ProtoJSON reads it, in its canonical spelling; what is canonical already is answered as it is. */
export function checkScalar(shape: Exclude<ValueShape, { kind: 'message' }>, given: unknown): unknown {
  switch (shape.kind) {
    case 'string':
      if (typeof given !== 'string') return NOT_TEXT
      return given.isWellFormed() ? given : NOT_WELL_FORMED
    case 'bool':
      return typeof given === 'boolean' ? given : NOT_BOOLEAN
    case 'int32':
      return checkInt32(given)
    case 'bytes':
      return checkBase64(given)
    case 'enum':
      return checkEnum(shape, given)
    case 'Struct':
      return isObject(given) && !isRawNumber(given) ? given : NOT_OBJECT
    case 'Value':
      return given
    case 'Timestamp':
      return (typeof given === 'string' ? toUtcTimestamp(given) : undefined) ?? NOT_TIMESTAMP
  }
}

function checkInt32(given: unknown): unknown {
  // ProtoJSON takes numbers as text, and so do query strings.
  const value = typeof given === 'string' && /^-?\d{1,10}$/.test(given) ? Number(given) : given
  return Number.isInteger(value) && (value as number) >= MIN_INT32 && (value as number) <= MAX_INT32
    ? value
    : NOT_INT32
}

/** Either alphabet, padded or not (ProtoJSON); answered in the standard one with its padding. */
function checkBase64(given: unknown): unknown {
  if (typeof given !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(given)) return NOT_BASE64
  const isPadded = given.endsWith('=')
  const remainder = given.length % 4
  if (isPadded ? remainder !== 0 : remainder === 1) return NOT_BASE64
  const standard = /[_-]/.test(given) ? given.replaceAll('-', '+').replaceAll('_', '/') : given
  return remainder === 0 ? standard : standard + '='.repeat(4 - remainder)
}

function checkEnum(shape: Extract<ValueShape, { kind: 'enum' }>, given: unknown): unknown {
  if (typeof given === 'string' && shape.numbers.has(given)) return given
  const name = Number.isInteger(given) ? shape.names[given as number] : undefined
  return name ?? new Refusal(`Must be one of ${shape.names.slice(1).join(', ')}.`)
}
