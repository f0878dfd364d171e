import type { JsonObject } from '../../lib/json-rpc.ts'
import { SHAPES, type FieldShape, type MessageShape, type ValueShape } from '../message-shapes.ts'
import type { MessageName } from '../schema.ts'
import { readTimestamp } from '../timestamp.ts'
import { encodeStruct, encodeValue } from './encode-value.ts'
import { ProtoWriter, WIRE } from './proto-writer.ts'

/** The bytes of a message in its canonical JSON form, as `checkMessage` answers it. Unknown fields have none. */
export function encodeMessage(name: MessageName, json: JsonObject): Buffer {
  return encodeShape(SHAPES[name], json)
}

export function encodeShape(shape: MessageShape, json: JsonObject): Buffer {
  const writer = new ProtoWriter()
  writeMessage(shape, json, writer)
  return writer.finish()
}

function writeMessage(shape: MessageShape, json: JsonObject, writer: ProtoWriter): void {
  for (const field of shape.fields) {
    const value = json[field.name]
    if (value === undefined || (value === null && field.value.kind !== 'Value')) continue
    if (field.isList) {
      for (const item of value as readonly unknown[]) writeField(field, item, writer)
    } else if (field.isMap) {
      for (const [key, item] of Object.entries(value as JsonObject)) writeEntry(field, key, item, writer)
    } else if (field.hasPresence || !isDefault(field.value, value)) {
      writeField(field, value, writer)
    }
  }
}

/** A map is a repeated message of key 1 and value 2. */
function writeEntry(field: FieldShape, key: string, value: unknown, writer: ProtoWriter): void {
  writer.tag(field.number, WIRE.bytes)
  const start = writer.open()
  writer.tag(1, WIRE.bytes)
  writer.string(key)
  writeNumbered(2, field.value, value, writer)
  writer.close(start)
}

function writeField(field: FieldShape, value: unknown, writer: ProtoWriter): void {
  writeNumbered(field.number, field.value, value, writer)
}

function writeNumbered(number: number, shape: ValueShape, value: unknown, writer: ProtoWriter): void {
  writer.tag(number, wireTypeOf(shape))
  switch (shape.kind) {
    case 'string':
      writer.string(value as string)
      return
    case 'bytes':
      writer.bytes(Buffer.from(value as string, 'base64'))
      return
    case 'bool':
      writer.varint(value === true ? 1 : 0)
      return
    case 'int32':
      writer.int64(value as number)
      return
    case 'enum':
      writer.varint(shape.numbers.get(value as string) ?? 0)
      return
    default: {
      const start = writer.open()
      writeInner(shape, value, writer)
      writer.close(start)
    }
  }
}

function writeInner(shape: ValueShape, value: unknown, writer: ProtoWriter): void {
  switch (shape.kind) {
    case 'Struct':
      encodeStruct(value as JsonObject, writer)
      return
    case 'Value':
      encodeValue(value, writer)
      return
    case 'Timestamp':
      writeTimestamp(value as string, writer)
      return
    case 'message':
      writeMessage(shape.message, value as JsonObject, writer)
  }
}

/** `seconds` is 1 and `nanos` is 2. */
function writeTimestamp(text: string, writer: ProtoWriter): void {
  const { seconds, nanos } = readTimestamp(text) ?? { seconds: 0, nanos: 0 }
  if (seconds !== 0) {
    writer.tag(1, WIRE.varint)
    writer.int64(seconds)
  }
  if (nanos !== 0) {
    writer.tag(2, WIRE.varint)
    writer.varint(nanos)
  }
}

function wireTypeOf(shape: ValueShape): number {
  return shape.kind === 'bool' || shape.kind === 'int32' || shape.kind === 'enum' ? WIRE.varint : WIRE.bytes
}

function isDefault(shape: ValueShape, value: unknown): boolean {
  return value === '' || value === 0 || value === false || (shape.kind === 'enum' && value === shape.names[0])
}
