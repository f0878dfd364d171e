import * as sdk from '@a2a-js/sdk'
import { A2AService } from '@a2a-js/sdk/server/grpc'
import { ParleyError } from '@parley/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStrict } from '../../lib/strict-json/index.ts'
import { checkMessage } from '../check-message.ts'
import { arbitraryMessage } from '../fixtures/arbitrary-message.ts'
import { OPERATIONS, type OperationName } from '../operations.ts'
import { MESSAGES, type MessageName } from '../schema.ts'
import { decodeMessage } from './decode-message.ts'
import { encodeMessage } from './encode-message.ts'
import { decodeAnswer, decodeRequest } from './exchange-bytes.ts'

const NAMES = Object.keys(MESSAGES) as MessageName[]
const CALLS = Object.keys(OPERATIONS) as OperationName[]

/** The SDK's generated codec, behind its service definition and its JSON functions. */
interface PeerCodec {
  readonly name: MessageName
  encode(json: unknown): Buffer
  decode(bytes: Buffer): unknown
}

function peerCodecs(): PeerCodec[] {
  const json = sdk as unknown as Record<
    string,
    { fromJSON(json: unknown): unknown; toJSON(message: unknown): unknown }
  >
  const methods = A2AService as unknown as Record<string, Record<string, (value: unknown) => unknown>>
  return CALLS.flatMap((operation) => {
    const method = methods[operation[0]!.toLowerCase() + operation.slice(1)]!
    return (['request', 'response'] as const).flatMap((side) => {
      const name = OPERATIONS[operation][side]
      const codec = json[name]
      if (codec === undefined) return []
      return {
        name,
        encode: (value) => method[`${side}Serialize`]!(codec.fromJSON(value)) as Buffer,
        decode: (bytes) => codec.toJSON(method[`${side}Deserialize`]!(bytes)),
      }
    })
  })
}

/** The SDK keeps milliseconds of a time, breaks fractions before 1970, and drops a part whose data is null. */
function isWithinPeer(json: unknown): boolean {
  return !/"data":null|\.\d{4,9}Z"|"(0|1[0-8]|19[0-6])[\dT:-]+\.\d+Z"/.test(JSON.stringify(json))
}

describe('protobuf of A2A', () => {
  it.each(peerCodecs().map((peer) => [peer.name, peer] as const))(
    'reads %s as the SDK writes it',
    (name, peer) => {
      fc.assert(
        fc.property(arbitraryMessage(name).filter(isWithinPeer), (json) => {
          expect(decodeMessage(name, peer.encode(json))).toEqual(json)
        }),
        { numRuns: 30 },
      )
    },
  )
  it.each(peerCodecs().map((peer) => [peer.name, peer] as const))(
    'writes %s as the SDK reads it',
    (name, peer) => {
      fc.assert(
        fc.property(arbitraryMessage(name).filter(isWithinPeer), (json) => {
          expect(peer.decode(encodeMessage(name, json))).toEqual(peer.decode(peer.encode(json)))
        }),
        { numRuns: 30 },
      )
    },
  )

  it.each(NAMES)('brings %s back as it was', (name) => {
    fc.assert(
      fc.property(arbitraryMessage(name), (json) => {
        expect(decodeMessage(name, encodeMessage(name, json))).toEqual(json)
      }),
      { numRuns: 50 },
    )
  })

  const bytes = (...parts: (number | string)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))))

  it('passes over unknown fields and fields of another wire type, and takes the last of a oneof', () => {
    const known = encodeMessage('GetTaskRequest', { id: 't', historyLength: 3 })
    const unknown = Buffer.concat([
      bytes(0x7a, 2, 'ab', 0x78, 5, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7d, 1, 2, 3, 4),
      bytes(0x10, 9),
    ])
    expect(decodeMessage('GetTaskRequest', Buffer.concat([unknown, known]))).toEqual({
      id: 't',
      historyLength: 3,
    })
    expect(decodeMessage('Part', bytes(0x0a, 1, 'a', 0x1a, 1, 'u'))).toEqual({ url: 'u' })
  })

  it('merges a message that comes in two pieces', () => {
    const one = encodeMessage('SendMessageRequest', { message: { messageId: 'm', parts: [{ text: 'a' }] } })
    const two = encodeMessage('SendMessageRequest', {
      message: { role: 'ROLE_USER', parts: [{ text: 'b' }] },
    })
    expect(decodeMessage('SendMessageRequest', Buffer.concat([one, two]))).toEqual({
      message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }, { text: 'b' }] },
    })
  })

  it('keeps an enum of a later version as its number, which no request may have', () => {
    const later = bytes(0x18, 99)
    expect(decodeMessage('ListTasksRequest', later)).toEqual({ status: 99 })
    expect(() => decodeRequest('ListTasks', later)).toThrow(/status: Must be one of/)
  })

  it('writes numbers that JSON kept exactly as the doubles they are there', () => {
    const data = parseStrict(Buffer.from('[12345678901234567890, 0.1]'))
    expect(decodeMessage('Part', encodeMessage('Part', { data }))).toEqual({
      data: [Number('12345678901234567890'), 0.1],
    })
  })

  it.each<[string, MessageName, Buffer]>([
    ['ends in a length', 'GetTaskRequest', bytes(0x12, 5, 'ab')],
    ['has a length beyond its message', 'SendMessageRequest', bytes(0x12, 2, 0x0a, 0x7f)],
    ['has a varint without end', 'GetTaskRequest', Buffer.alloc(20, 0xff)],
    ['has a field 0', 'GetTaskRequest', bytes(0x02, 0)],
    ['has a group', 'GetTaskRequest', bytes(0x7b, 0x7c)],
    ['is not UTF-8', 'GetTaskRequest', bytes(0x12, 2, 0xc3, 0x28)],
    ['has a number that JSON has not', 'Part', bytes(0x22, 9, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f)],
    ['has a time out of range', 'TaskStatus', bytes(0x1a, 7, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
    ['reaches into prototypes', 'CancelTaskRequest', bytes(0x1a, 13, 0x0a, 11, 0x0a, 9, '__proto__')],
    [
      'reaches into prototypes by their constructor',
      'CancelTaskRequest',
      encodeMessage('CancelTaskRequest', { metadata: { constructor: { prototype: {} } } }),
    ],
  ])('refuses what %s', (_, name, hostile) => {
    expect(() => decodeMessage(name, hostile)).toThrow(ParleyError)
    expect(Object.prototype).not.toHaveProperty('polluted')
  })

  it('refuses values nested beyond the depth of JSON, and does not overflow', () => {
    let deep: unknown = 1
    for (let level = 0; level < 70; level++) deep = level % 2 === 0 ? [deep] : { a: deep }
    expect(() => encodeMessage('Part', { data: deep })).toThrow(/nested more than 64 levels/)
    let nested = Buffer.alloc(0)
    for (let level = 0; level < 10_000; level++)
      nested = Buffer.concat([bytes(level % 2 === 0 ? 0x0a : 0x32), varint(nested.length), nested])
    expect(() => decodeMessage('Part', Buffer.concat([bytes(0x22), varint(nested.length), nested]))).toThrow(
      ParleyError,
    )
  })

  it('refuses more values than a message may hold', () => {
    // Two bytes each.
    const flood = Buffer.alloc(2_000_000)
    for (let at = 0; at < flood.length; at += 2) flood[at] = 0x22
    expect(() => decodeMessage('Task', flood)).toThrow(/more than 500000 values/)
  })

  it('answers any bytes with a message or with invalid_params', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.uint8Array({ maxLength: 200 }), (name, random) => {
        decodeOrRefuse(name, Buffer.from(random))
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(
        arbitraryMessage('SendMessageRequest'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (json, at, flip) => {
          const broken = encodeMessage('SendMessageRequest', json)
          broken[at % broken.length]! ^= flip
          decodeOrRefuse('SendMessageRequest', broken)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('blames an agent for its own bytes', () => {
    expect(() => decodeAnswer('GetTask', bytes(0x0a, 9))).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
    expect(() => decodeAnswer('GetTask', bytes(0x0a, 1, 't'))).toThrow(/no Task: status: Is required/)
  })
})

function decodeOrRefuse(name: MessageName, bytes: Buffer): void {
  try {
    const json = decodeMessage(name, bytes)
    checkMessage(name, json, 'client')
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== 'invalid_params') throw error
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 0x80)
  }
}
