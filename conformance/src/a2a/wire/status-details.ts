import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { JsonObject } from './json.ts'

/** The details of a `google.rpc.Status` (the trailer `grpc-status-details-bin`) as ProtoJSON `Any`. */
export function readStatusDetails(bytes: Uint8Array): JsonObject[] {
  const details: JsonObject[] = []
  eachField(bytes, (field, reader) => {
    if (field !== 3) return false
    details.push(readAny(reader.bytes()))
    return true
  })
  return details
}

function readAny(bytes: Uint8Array): JsonObject {
  let type = ''
  let value: Uint8Array = new Uint8Array()
  eachField(bytes, (field, reader) => {
    if (field === 1) type = reader.string()
    else if (field === 2) value = reader.bytes()
    else return false
    return true
  })
  if (type.endsWith('google.rpc.ErrorInfo')) return { '@type': type, ...readErrorInfo(value) }
  if (type.endsWith('google.rpc.BadRequest')) return { '@type': type, ...readBadRequest(value) }
  return { '@type': type }
}

function readErrorInfo(bytes: Uint8Array): JsonObject {
  const metadata: JsonObject = {}
  const info: JsonObject = { metadata }
  eachField(bytes, (field, reader) => {
    if (field === 1) info['reason'] = reader.string()
    else if (field === 2) info['domain'] = reader.string()
    else if (field === 3) {
      const [name = '', value = ''] = readPair(reader.bytes())
      metadata[name] = value
    } else return false
    return true
  })
  return info
}

function readBadRequest(bytes: Uint8Array): JsonObject {
  const fieldViolations: JsonObject[] = []
  eachField(bytes, (field, reader) => {
    if (field !== 1) return false
    const [name = '', description = ''] = readPair(reader.bytes())
    fieldViolations.push({ field: name, description })
    return true
  })
  return { fieldViolations }
}

/** Messages whose fields 1 and 2 are strings. */
function readPair(bytes: Uint8Array): [string, string] {
  const pair: [string, string] = ['', '']
  eachField(bytes, (field, reader) => {
    if (field !== 1 && field !== 2) return false
    pair[field - 1] = reader.string()
    return true
  })
  return pair
}

function eachField(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (!take(field, reader)) reader.skip(wireType, field)
  }
}
