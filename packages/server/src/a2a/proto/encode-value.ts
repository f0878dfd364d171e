import { ParleyError } from '@parley/contract'
import { isRawNumber } from '../../lib/exact-numbers.ts'
import type { JsonObject } from '../../lib/json-rpc.ts'
import { MAX_DEPTH } from '../../lib/strict-json/index.ts'
import { WIRE, type ProtoWriter } from './proto-writer.ts'

/** The members of `google.protobuf.Value`. */
export const VALUE = { null: 1, number: 2, string: 3, bool: 4, struct: 5, list: 6 } as const

/** `google.protobuf.Struct`: a map, field 1, from names to values. */
export function encodeStruct(json: JsonObject, writer: ProtoWriter, depth = 0): void {
  if (depth >= MAX_DEPTH) throw tooDeep()
  for (const [key, value] of Object.entries(json)) {
    if (value === undefined) continue
    writer.tag(1, WIRE.bytes)
    const entry = writer.open()
    writer.tag(1, WIRE.bytes)
    writer.string(key)
    writer.tag(2, WIRE.bytes)
    const start = writer.open()
    encodeValue(value, writer, depth + 1)
    writer.close(start)
    writer.close(entry)
  }
}

/** `google.protobuf.Value`: any JSON value. Numbers are doubles there. */
export function encodeValue(json: unknown, writer: ProtoWriter, depth = 0): void {
  switch (typeof json) {
    case 'string':
      writer.tag(VALUE.string, WIRE.bytes)
      writer.string(json)
      return
    case 'number':
      writeNumber(json, writer)
      return
    case 'boolean':
      writer.tag(VALUE.bool, WIRE.varint)
      writer.varint(json ? 1 : 0)
      return
    case 'object':
      if (json !== null) {
        writeComposite(json, writer, depth)
        return
      }
  }
  writer.tag(VALUE.null, WIRE.varint)
  writer.varint(0)
}

function writeComposite(json: object, writer: ProtoWriter, depth: number): void {
  if (isRawNumber(json)) {
    writeNumber(Number(json.rawJSON), writer)
    return
  }
  const isList = Array.isArray(json)
  writer.tag(isList ? VALUE.list : VALUE.struct, WIRE.bytes)
  const start = writer.open()
  if (isList) writeList(json, writer, depth)
  else encodeStruct(json as JsonObject, writer, depth)
  writer.close(start)
}

/** `google.protobuf.ListValue`: its values are field 1. */
function writeList(items: readonly unknown[], writer: ProtoWriter, depth: number): void {
  if (depth >= MAX_DEPTH) throw tooDeep()
  for (const item of items) {
    writer.tag(1, WIRE.bytes)
    const start = writer.open()
    encodeValue(item, writer, depth + 1)
    writer.close(start)
  }
}

function writeNumber(value: number, writer: ProtoWriter): void {
  writer.tag(VALUE.number, WIRE.fixed64)
  writer.double(value)
}

function tooDeep(): ParleyError {
  return new ParleyError('invalid_params', `The value is nested more than ${MAX_DEPTH} levels deep.`)
}
