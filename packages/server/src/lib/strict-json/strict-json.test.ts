import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StrictJsonError, parseStrict, scanEnvelope } from './index.ts'

const corpus = join(import.meta.dirname, '../../../../../../shared/corpora/jsontestsuite')

function refusal(text: string | Buffer): StrictJsonError {
  try {
    parseStrict(Buffer.from(text))
  } catch (error) {
    if (error instanceof StrictJsonError) return error
    throw error
  }
  throw new Error(`accepted: ${text.toString()}`)
}

describe('parseStrict', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        if (/__proto__|constructor/.test(text)) return
        const value = JSON.parse(text) as unknown
        // The generator repeats keys and makes lone surrogates; those are refused, and tested below.
        if (JSON.stringify(value).length !== JSON.stringify(JSON.parse(JSON.stringify(value))).length) return
        try {
          expect(parseStrict(Buffer.from(text))).toEqual(value)
        } catch (error) {
          expect(error).toBeInstanceOf(StrictJsonError)
          expect((error as StrictJsonError).kind).toBe('refused')
        }
      }),
      { numRuns: 3000, seed: 7 },
    )
  })

  test('accepts no text that JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (text, at, noise) => {
        const cut = at % (text.length + 1)
        const broken = text.slice(0, cut) + noise + text.slice(cut + 1)
        let valid = true
        try {
          JSON.parse(broken)
        } catch {
          valid = false
        }
        if (!valid) expect(() => parseStrict(Buffer.from(broken))).toThrow(StrictJsonError)
      }),
      { numRuns: 5000, seed: 11 },
    )
  })

  test.each([
    ['a duplicate key', '{"a":1,"b":2,"a":3}'],
    ['a duplicate key written with an escape', '{"a":1,"\\u0061":2}'],
    ['a duplicate deep inside', '{"a":[{"b":{"c":1,"c":2}}]}'],
    ['__proto__', '{"x":{"__proto__":{"isAdmin":true}}}'],
    ['__proto__ written with an escape', '{"__pr\\u006fto__":1}'],
    ['constructor.prototype', '{"constructor":{"prototype":{}}}'],
    ['a lone high surrogate', '"\\ud800"'],
    ['a lone low surrogate', '"\\udc00"'],
    ['a number beyond the range', '1e400'],
    ['a long number beyond the range', `-${'9'.repeat(400)}`],
    ['65 levels', '['.repeat(65) + ']'.repeat(65)],
  ])('refuses %s', (_name, text) => {
    expect(refusal(text).kind).toBe('refused')
  })

  test('finds a duplicate among a hundred thousand keys in linear time', () => {
    const keys = Array.from({ length: 100_000 }, (_, at) => `"${at}":0`)
    expect(() => parseStrict(Buffer.from(`{${keys.join(',')}}`))).not.toThrow()
    expect(refusal(`{${keys.join(',')},"77":1}`).message).toContain('twice')
  })

  test('a million levels are refused without a stack overflow', () => {
    expect(refusal('['.repeat(1_000_000)).kind).toBe('refused')
  })

  test.runIf(existsSync(corpus))('refuses every invalid text of JSONTestSuite', () => {
    const names = readdirSync(corpus).filter((name) => name.startsWith('n_'))
    expect(names.length).toBeGreaterThan(100)
    for (const name of names) {
      expect(() => parseStrict(readFileSync(join(corpus, name))), name).toThrow(StrictJsonError)
    }
  })
})

describe('scanEnvelope', () => {
  const message = {
    jsonrpc: '2.0',
    id: 'a"1',
    method: 'tools/call',
    params: {
      name: 'écho',
      arguments: { name: 'inner', uri: 'x', params: { name: 'deeper' } },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        progressToken: 7,
        other: { method: 'x' },
      },
    },
  }
  const envelope = scanEnvelope(Buffer.from(JSON.stringify(message, null, 1)))

  test('finds the routing fields where they stand and nowhere deeper', () => {
    expect(envelope.string('method')).toBe('tools/call')
    expect(envelope.string('name')).toBe('écho')
    expect(envelope.string('id')).toBe('a"1')
    expect(envelope.string('uri')).toBeUndefined()
    expect(envelope.value('progressToken')).toBe(7)
    expect(envelope.string('io.modelcontextprotocol/protocolVersion')).toBe('2026-07-28')
    expect(envelope.value('arguments')).toEqual(message.params.arguments)
  })

  test.each(['Method', 'METHOD', 'paramſ', 'ıd', 'ID', 'ＩＤ', 'Jsonrpc'])(
    'refuses the look-alike %s',
    (key) => {
      const text = `{"jsonrpc":"2.0","id":1,"method":"tools/list","${key}":{}}`
      expect(() => scanEnvelope(Buffer.from(text))).toThrow(StrictJsonError)
    },
  )

  test('an escaped key of a routing field is refused as a look-alike', () => {
    expect(() => scanEnvelope(Buffer.from('{"jsonrpc":"2.0","id":1,"m\\u0065thod":"x"}'))).toThrow(
      StrictJsonError,
    )
  })

  test('a batch or a bare value has no fields', () => {
    expect(scanEnvelope(Buffer.from('[{"method":"x"}]')).has('method')).toBe(false)
    expect(scanEnvelope(Buffer.from('"method"')).has('method')).toBe(false)
  })
})

test('a field is compared with a text as it is decoded', () => {
  const method = (json: string) => scanEnvelope(Buffer.from(`{"method":${json},"jsonrpc":"2.0"}`))
  expect(method('"ping"').is('method', 'ping')).toBe(true)
  expect(method('"pi\\u006eg"').is('method', 'ping')).toBe(true)
  for (const json of ['"pin"', '"pings"', '"Ping"', '"pi\\u006fg"', '"pıng"', '""', '7', 'null', '{}'])
    expect(method(json).is('method', 'ping')).toBe(false)
  expect(method('"ping"').is('name', 'ping')).toBe(false)
})

test('bytes beyond ASCII are not taken for the characters of the same number', () => {
  const envelope = scanEnvelope(Buffer.from('{"method":"é"}'))
  expect(envelope.is('method', Buffer.from('é').toString('latin1'))).toBe(false)
  expect(envelope.is('method', 'é')).toBe(false)
})
