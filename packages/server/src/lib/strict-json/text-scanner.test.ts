import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AT } from './fields.ts'
import { collidingKeys } from './fixtures/colliding-keys.ts'
import { brokenTexts, jsonTexts } from './fixtures/json-texts.ts'
import { outcome, referenceOutcome } from './fixtures/outcome.ts'
import { StrictJsonError, parseStrict } from './index.ts'
import { textScanner } from './text-scanner.ts'

function expectSame(bytes: Buffer): void {
  const wanted = referenceOutcome(bytes)
  const got = outcome(bytes)
  // Written out only where they differ: this is asked a million times.
  if (JSON.stringify(got) !== JSON.stringify(wanted))
    expect([bytes.toString('latin1'), got]).toEqual([bytes.toString('latin1'), wanted])
}

function isAccepted(bytes: Buffer): boolean {
  try {
    textScanner(bytes.length).scan(bytes, AT.nowhere)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(StrictJsonError)
    return false
  }
}

describe('the scanner and the reference', () => {
  test('agree on texts, their fields and refusals', () => {
    fc.assert(
      fc.property(jsonTexts, (text) => expectSame(Buffer.from(text))),
      { numRuns: 10_000, seed: 3 },
    )
  })

  test('agree on texts that are broken somewhere', () => {
    fc.assert(fc.property(brokenTexts, expectSame), { numRuns: 20_000, seed: 5 })
  })

  test('agree on every byte at every position of a message', () => {
    const text =
      '{"id":-1.5e2,"method":"a\\n\\u00e9","params":{"_meta":{},"name":[true,false,null]},"é":{"é":""}}'
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const changed = Buffer.from(bytes)
        changed[at] = byte
        expectSame(changed)
      }
      expectSame(bytes.subarray(0, at))
    }
  })

  test.each([
    '"',
    '\\',
    '\n',
    '\0',
    '\\n',
    '\\"',
    '\\u0041',
    '\\ud83d\\ude00',
    '\\ud800',
    '\\u12',
    'é',
    '😀',
    '\x7f',
  ])('agree on %j around the edges of blocks', (part) => {
    for (let before = 0; before < 150; before++) {
      const start = 'x'.repeat(before)
      for (const end of ['', 'y', 'y'.repeat(15), 'y'.repeat(70)]) {
        expectSame(Buffer.from(`"${start}${part}${end}"`))
        expectSame(Buffer.from(`{"${start}${part}${end}":0}`))
        expectSame(Buffer.from(`"${start}${part}${end}`))
      }
      expectSame(Buffer.from(`[0,${' '.repeat(before)}${part}]`))
      expectSame(Buffer.from(`[{"${start}a":1,"b":2},{"${start}a":1,"${part}":2},{"${start}b":1}]`))
    }
  })

  test('agree on objects around the number of keys where tables begin and grow', () => {
    for (const count of [31, 32, 33, 34, 63, 64, 65, 66, 129, 300]) {
      const keys = Array.from({ length: count }, (_, at) => `"k${at}":{"x":${at}}`)
      const object = `{${keys.join(',')}}`
      expectSame(Buffer.from(object))
      expectSame(Buffer.from(`[${object},${object},{"k0":${object},"k1":1}]`))
      for (const again of ['k0', 'k31', `k${count - 1}`, 'k\\u0030', '__proto__', 'constructor'])
        expectSame(Buffer.from(`[${object},{${keys.join(',')},"${again}":{"prototype":1}}]`))
    }
  })

  test.each([
    '{"\\u0061":1},{"au0061":2}',
    '{"\\u0061":1},{"au0:1}',
    '{"\\/":1},{"//":1}',
    '{"x":1,"\\/x":1},{"x":1,"/x/x":1}',
  ])('agree on a key that looks like what decoding left of the one before: %s', (rows) =>
    expectSame(Buffer.from(`[${rows}]`)),
  )

  test('agree on numbers around the largest double', () => {
    for (const digits of [1, 2, 16, 199, 200, 201, 210, 250, 307, 308, 309, 310, 400]) {
      for (const exponent of [
        '',
        'e9',
        'e99',
        'e107',
        'e108',
        'E+109',
        'e307',
        'e308',
        'e309',
        'e-400',
        'e0000099',
      ]) {
        for (const sign of ['', '-']) {
          expectSame(Buffer.from(`${sign}${'9'.repeat(digits)}${exponent}`))
          expectSame(Buffer.from(`${sign}1.${'7'.repeat(digits)}${exponent}`))
          expectSame(Buffer.from(`[${sign}1${'0'.repeat(digits)}.5${exponent}]`))
        }
      }
    }
  })

  test('agree on levels around the deepest', () => {
    for (const count of [62, 63, 64, 65]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
        ['{"constructor":[', ']}'],
      ] as const) {
        expectSame(Buffer.from(`${open.repeat(count)}0${close.repeat(count)}`))
        expectSame(Buffer.from(`${open.repeat(count)}{"prototype":0}${close.repeat(count)}`))
      }
    }
  })
})

test('accepts no text that JSON.parse refuses, and reads the same value', () => {
  let accepted = 0
  fc.assert(
    fc.property(brokenTexts, (bytes) => {
      if (!isAccepted(bytes)) return
      accepted++
      const expected = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
      // Numbers that a double would round come as they are written.
      expect(rewritten(parseStrict(bytes))).toEqual(rewritten(expected))
    }),
    { numRuns: 20_000, seed: 9 },
  )
  expect(accepted).toBeGreaterThan(1000)
})

test('nothing of one scan is left for the next', () => {
  const first = Buffer.from(
    '{"jsonrpc":"2.0","params":{"name":"x","_meta":{"progressToken":1}},"a":[{"b":1,"c":2}]}',
  )
  fc.assert(
    fc.property(jsonTexts, fc.nat(), (text, cut) => {
      const bytes = Buffer.from(text)
      const wanted = referenceOutcome(bytes)
      for (const before of [first, first.subarray(0, cut % first.length), Buffer.alloc(3000, '{"k":')]) {
        outcome(before)
        expect(outcome(bytes)).toEqual(wanted)
      }
    }),
    { numRuns: 1000, seed: 13 },
  )
})

describe('many keys', () => {
  test('seventy thousand, in one object or in a hundred', () => {
    const keys = Array.from({ length: 70_000 }, (_, at) => `"key-${at}":0`)
    expect(isAccepted(Buffer.from(`{${keys.join(',')}}`))).toBe(true)
    expect(outcome(Buffer.from(`{${keys.join(',')},"key-7":0}`))).toContain('twice')
    const objects = Array.from(
      { length: 100 },
      (_, at) => `{${keys.slice(at * 700, at * 700 + 700).join(',')}}`,
    )
    expect(isAccepted(Buffer.from(`[${objects.join(',')}]`))).toBe(true)
  })

  test('objects within objects, each with a table of its own', () => {
    const keys = Array.from({ length: 100 }, (_, at) => `"key-${at}":0`).join(',')
    const nested = Array.from({ length: 60 }).reduce<string>(
      (inner) => `{${keys},"in":${inner},"after":1}`,
      '0',
    )
    expect(isAccepted(Buffer.from(nested))).toBe(true)
    const bad = nested.slice(0, -1) + ',"key-99":1}'
    expect(outcome(Buffer.from(bad))).toContain('twice')
  })

  test('keys made to collide are told apart, and their duplicates found', () => {
    const keys = collidingKeys(200)
    const members = keys.map((key) => `"${key}":{"x":0}`).join(',')
    const more = Array.from({ length: 1000 }, (_, at) => `"more-${at}":0`).join(',')
    expectSame(Buffer.from(`{${members},${more}}`))
    expectSame(Buffer.from(`{"a":{${members}},"b":[{${members}},{${more}}]}`))
    for (const again of [keys[0], keys[150], keys[199], 'more-3', 'more-\\u0033'])
      expectSame(Buffer.from(`{${members},${more},"${again}":0}`))
    expectSame(Buffer.from(`{${members},"constructor":{"prototype":0}}`))
    expectSame(Buffer.from(`{${members},"__proto__":0}`))
  })
})

test('a text larger than the shared memory is scanned like any other', () => {
  const rows = Array.from({ length: 60_000 }, (_, at) => `{"name":"row ${at}","on":true}`).join(',')
  expectSame(Buffer.from(`{"jsonrpc":"2.0","params":{"name":"x","arguments":[${rows}]},"id":"7"}`))
  expectSame(
    Buffer.from(`{"jsonrpc":"2.0","params":{"name":"x","arguments":[${rows},{"a":1,"a":2}]},"id":"7"}`),
  )
})

function rewritten(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
