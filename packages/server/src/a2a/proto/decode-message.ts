import type { JsonObject } from '../../lib/json-rpc.ts'
import { SHAPES, type FieldShape, type MessageShape, type ValueShape } from '../message-shapes.ts'
import type { MessageName } from '../schema.ts'
import { writeTimestamp } from '../timestamp.ts'
import { decodeEntry, decodeStruct, decodeValue } from './decode-value.ts'
import { malformed, ProtoReader } from './proto-reader.ts'
import { WIRE } from './proto-writer.ts'

type Target = Record<string, unknown>

/**
 * A message in its JSON form (ProtoJSON) out of hostile bytes: unknown fields are passed over, an unknown enum stays a
 * number. Throws `invalid_params`. What is required is `checkMessage`'s to say; lists that are required are there, empty.
 */
export function decodeMessage(name: MessageName, bytes: Buffer): JsonObject {
  return decodeShape(SHAPES[name], bytes)
}

export function decodeShape(shape: MessageShape, bytes: Buffer): JsonObject {
  const target: Target = {}
  readMessage(shape, new ProtoReader(bytes), target, 0)
  return target
}

function readMessage(shape: MessageShape, reader: ProtoReader, target: Target, depth: number): void {
  while (reader.hasMore) {
    const tag = reader.tag()
    const field = shape.byNumber.get(tag >>> 3)
    // A field with another wire type than its own is an unknown one.
    if (field === undefined || (tag & 7) !== wireTypeOf(field)) reader.skipField(tag & 7)
    else readField({ shape, field, reader, depth }, target)
  }
  for (const field of shape.required) {
    if (target[field.name] === undefined) fillDefault(field, target)
  }
}

interface Place {
  readonly shape: MessageShape
  readonly field: FieldShape
  readonly reader: ProtoReader
  readonly depth: number
}

function readField({ shape, field, reader, depth }: Place, target: Target): void {
  const { name } = field
  if (field.isList) {
    const items = (target[name] ??= []) as unknown[]
    items.push(readValue(field.value, reader, depth + 2, undefined))
    return
  }
  if (field.isMap) {
    const entries = (target[name] ??= {}) as Target
    const outer = reader.enter()
    const { key, value } = decodeEntry(reader, readMapValue(field.value, reader, depth + 2))
    reader.leave(outer)
    entries[key] = value ?? (field.value.kind === 'string' ? '' : {})
    return
  }
  // The last member of a oneof counts; a message that comes twice is merged.
  if (field.oneof !== undefined && target[name] === undefined) {
    for (const other of shape.fields) if (other.oneof !== undefined) delete target[other.name]
  }
  const value = readValue(field.value, reader, depth + 1, target[name])
  if (field.hasPresence || !isDefault(field.value, value)) target[name] = value
  else delete target[name]
}

/** Within an entry that is open: the reader stands in the value's own bytes already. */
function readMapValue(shape: ValueShape, reader: ProtoReader, depth: number): () => unknown {
  return () => {
    if (shape.kind === 'string') return reader.rest()
    const target: Target = {}
    if (shape.kind === 'message') readMessage(shape.message, reader, target, depth)
    return target
  }
}

function readValue(shape: ValueShape, reader: ProtoReader, depth: number, before: unknown): unknown {
  switch (shape.kind) {
    case 'string':
      return reader.string()
    case 'bytes':
      return reader.bytes().toString('base64')
    case 'bool':
      return reader.bool()
    case 'int32':
      return reader.uint32() | 0
    case 'enum': {
      const number = reader.uint32() | 0
      return shape.names[number] ?? number
    }
    default: {
      const outer = reader.enter()
      const value = readInner(shape, reader, depth, before)
      reader.leave(outer)
      return value
    }
  }
}

function readInner(shape: ValueShape, reader: ProtoReader, depth: number, before: unknown): unknown {
  switch (shape.kind) {
    case 'Struct':
      return decodeStruct(reader, depth, before as Target | undefined)
    case 'Value':
      return decodeValue(reader, depth)
    case 'Timestamp':
      return readTimestamp(reader)
    case 'message': {
      const target = (before as Target | undefined) ?? {}
      readMessage(shape.message, reader, target, depth)
      return target
    }
  }
  return undefined
}

function readTimestamp(reader: ProtoReader): string {
  let seconds = 0
  let nanos = 0
  while (reader.hasMore) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | WIRE.varint)) seconds = reader.int64()
    else if (tag === ((2 << 3) | WIRE.varint)) nanos = reader.uint32() | 0
    else reader.skipField(tag & 7)
  }
  const text = writeTimestamp(seconds, nanos)
  if (text === undefined) throw malformed('a time is not in the years 1 to 9999')
  return text
}

function wireTypeOf({ value, isMap }: FieldShape): number {
  if (isMap) return WIRE.bytes
  return value.kind === 'bool' || value.kind === 'int32' || value.kind === 'enum' ? WIRE.varint : WIRE.bytes
}

function isDefault(shape: ValueShape, value: unknown): boolean {
  return value === '' || value === 0 || value === false || (shape.kind === 'enum' && value === shape.names[0])
}

/** What is required is in the JSON even where it is empty (specification §5.7); what must not be is left to the check. */
function fillDefault(field: FieldShape, target: Target): void {
  if (field.isList) target[field.name] = []
  else if (field.isMap) target[field.name] = {}
  else if (field.mayBeEmpty) target[field.name] = field.value.kind === 'int32' ? 0 : ''
}
