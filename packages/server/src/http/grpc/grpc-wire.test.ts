import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frameGrpcMessage, readGrpcMessage, readGrpcTimeoutMs, writeGrpcText } from './grpc-wire.ts'

const LIMIT = 1000

describe('one message on the wire', () => {
  test('comes back as it was, and only once it is whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: LIMIT }), fc.nat(), (bytes, at) => {
        const frame = frameGrpcMessage(Buffer.from(bytes))
        const whole = readGrpcMessage(frame, LIMIT, true)
        expect(whole.kind === 'message' && whole.message.equals(Buffer.from(bytes))).toBe(true)
        const part = frame.subarray(0, at % frame.length)
        expect(readGrpcMessage(part, LIMIT, false).kind).toBe('incomplete')
        expect(readGrpcMessage(part, LIMIT, true).kind).toBe('refused')
      }),
    )
  })

  test('any bytes are a message, a part of one, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.boolean(), (bytes, isEnd) => {
        const read = readGrpcMessage(Buffer.from(bytes), LIMIT, isEnd)
        if (isEnd) expect(read.kind).not.toBe('incomplete')
        if (read.kind === 'message') expect(read.message.length).toBe(bytes.length - 5)
      }),
    )
  })

  test('what says that it is longer than the limit is refused by its first five bytes', () => {
    const frame = frameGrpcMessage(Buffer.alloc(LIMIT + 1))
    expect(readGrpcMessage(frame.subarray(0, 5), LIMIT, false)).toMatchObject({ kind: 'refused', code: 8 })
  })
})

test.each([
  [undefined, Infinity],
  ['100m', 100],
  ['2S', 2000],
  ['1H', 3_600_000],
  ['99999999n', 99.999999],
  ['', undefined],
  ['-1S', undefined],
  ['123456789m', undefined],
  ['1s', undefined],
  ['1S1', undefined],
])('grpc-timeout %j is %j', (header, timeoutMs) => {
  expect(readGrpcTimeoutMs(header)).toBe(timeoutMs)
})

test('words of any kind are sent in ASCII, and read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const sent = writeGrpcText(text)
      expect(sent).toMatch(/^[\x20-\x7e]*$/)
      expect(decodeURI(sent)).toBe(text)
    }),
  )
  expect(writeGrpcText('\ud800')).toBe('%EF%BF%BD')
})
