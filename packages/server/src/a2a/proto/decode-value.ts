import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { MAX_DEPTH } from '../../lib/strict-json/index.ts'
import { VALUE } from './encode-value.ts'
import { malformed, type ProtoReader } from './proto-reader.ts'
import { WIRE } from './proto-writer.ts'

/** Reads `google.protobuf.Struct` up to the end of the open message, into `target`: a second one is merged. */
export function decodeStruct(
  reader: ProtoReader,
  depth: number,
  target: Record<string, unknown> = {},
): JsonObject {
  refuseDepth(depth)
  while (reader.hasMore) {
    const tag = reader.tag()
    if (tag !== ((1 << 3) | WIRE.bytes)) {
      reader.skipField(tag & 7)
      continue
    }
    const outer = reader.enter()
    const { key, value } = decodeEntry(reader, () => decodeValue(reader, depth + 1))
    reader.leave(outer)
    target[key] = value ?? null
  }
  return target
}

/** A map's key 1 and value 2, each perhaps absent. Names that reach into prototypes are refused, as in JSON. */
export function decodeEntry(
  reader: ProtoReader,
  readValue: (wireType: number) => unknown,
): { key: string; value: unknown } {
  let key = ''
  let value: unknown
  while (reader.hasMore) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | WIRE.bytes)) key = reader.string()
    else if (tag === ((2 << 3) | WIRE.bytes)) {
      const outer = reader.enter()
      value = readValue(tag & 7)
      reader.leave(outer)
    } else reader.skipField(tag & 7)
  }
  if (key === '__proto__') throw malformed('it holds the key "__proto__"')
  if (key === 'constructor' && isObject(value) && Object.hasOwn(value, 'prototype'))
    throw malformed('it holds the keys "constructor" and, in it, "prototype"')
  return { key, value }
}

/** Reads `google.protobuf.Value` up to the end of the open message; the last member counts, none is `null`. */
export function decodeValue(reader: ProtoReader, depth: number): unknown {
  let value: unknown = null
  while (reader.hasMore) {
    const tag = reader.tag()
    switch (tag) {
      case (VALUE.null << 3) | WIRE.varint:
        reader.uint32()
        value = null
        break
      case (VALUE.number << 3) | WIRE.fixed64:
        value = decodeNumber(reader)
        break
      case (VALUE.string << 3) | WIRE.bytes:
        value = reader.string()
        break
      case (VALUE.bool << 3) | WIRE.varint:
        value = reader.bool()
        break
      case (VALUE.struct << 3) | WIRE.bytes:
        value = within(reader, () => decodeStruct(reader, depth, isObject(value) ? { ...value } : {}))
        break
      case (VALUE.list << 3) | WIRE.bytes:
        value = within(reader, () => decodeList(reader, depth, Array.isArray(value) ? value : []))
        break
      default:
        reader.skipField(tag & 7)
    }
  }
  return value
}

function within<read>(reader: ProtoReader, read: () => read): read {
  const outer = reader.enter()
  const value = read()
  reader.leave(outer)
  return value
}

function decodeList(reader: ProtoReader, depth: number, items: unknown[]): unknown[] {
  refuseDepth(depth)
  while (reader.hasMore) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | WIRE.bytes)) items.push(within(reader, () => decodeValue(reader, depth + 1)))
    else reader.skipField(tag & 7)
  }
  return items
}

function decodeNumber(reader: ProtoReader): number {
  const value = reader.double()
  // ProtoJSON has no form for them in a Value.
  if (!Number.isFinite(value)) throw malformed('a number is not finite')
  return value
}

function refuseDepth(depth: number): void {
  if (depth >= MAX_DEPTH) throw malformed(`it is nested more than ${MAX_DEPTH} levels deep`)
}
