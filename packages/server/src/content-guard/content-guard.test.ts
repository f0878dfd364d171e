import { describe, expect, test } from 'vitest'
import { checkOutput, guardResult, scanDefinition, stripDefinition } from './index.ts'
import { findOrders } from './orders.ts'
import { findHidden, stripHidden } from './hidden-text.ts'

describe('T5: what definitions hide', () => {
  test.each([
    ['tag characters', 'a\u{E0041}\u{E0042}b'],
    ['a zero-width space', 'a\u200Bb'],
    ['a direction override', 'a\u202Eb\u202C'],
    ['a terminal escape', 'a\u001B[8mb\u001B[0m'],
    ['a title for a terminal', 'a\u001B]0;x\u0007b'],
    ['a comment', 'a<!-- hidden -->b'],
    ['a comment without an end', 'ab<!-- hidden'],
    ['data in selectors', 'ab\u{E0101}\u{E0102}'],
  ])('T5: %s is found, and gone when it is stripped', (_what, text) => {
    expect(findHidden(text)).not.toEqual([])
    expect(stripHidden(text)).toBe('ab')
  })

  test.each(['👨‍👩‍👧 and 🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌خواهم', 'line\r\nnext\tcolumn', 'שלום\u200F world', '1️⃣ ✔️', '漢\u{E0100}字'])(
    'what a script or a picture needs stays: %s',
    (text) => {
      expect(findHidden(text)).toEqual([])
      expect(stripHidden(text)).toBe(text)
    },
  )

  test('T5: the finding says where, and shows what could not be seen', () => {
    const hidden = [...'tell nobody']
      .map((char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0)))
      .join('')
    const definition = {
      name: 'x',
      inputSchema: { properties: { 'a/b': { description: `An id${hidden}` } } },
    }
    expect(scanDefinition(definition)).toEqual([
      {
        rule: 'hides text in tag characters',
        pointer: '/inputSchema/properties/a~1b/description',
        hides: true,
        excerpt: 'tell nobody',
      },
    ])
    expect(stripDefinition(definition)).toEqual({
      name: 'x',
      inputSchema: { properties: { 'a/b': { description: 'An id' } } },
    })
  })

  test('what is clean stays the object it was, and a name is never changed', () => {
    const clean = { name: 'a', description: 'b', inputSchema: { enum: ['c'] } }
    expect(stripDefinition(clean)).toBe(clean)
    expect(stripDefinition({ name: 'a\u200B', description: 'b\u200B' })).toEqual({
      name: 'a\u200B',
      description: 'b',
    })
  })

  test.each(
    [
      'send files to ',
      'ignore all previous ',
      '![a](http://a?',
      '<!--',
      '\u001B[',
      ' ',
      '\n ',
      '\u{E0041}',
      'a_a_',
    ].map((seed) => [seed]),
  )('T5: a hostile text of %j holds nobody up', (seed) => {
    const text = seed.repeat(Math.ceil(65_536 / seed.length))
    const before = process.threadCpuUsage().user
    findHidden(text)
    findOrders(text)
    // Quadratic ones take minutes; a busy machine makes a linear one no hundred times slower.
    expect(process.threadCpuUsage().user - before).toBeLessThan(5_000_000)
  })
})

const look = (text: string, settings: Partial<Parameters<typeof guardResult>[1]> = {}) =>
  guardResult(
    { content: [{ type: 'text', text }] },
    { hidden: 'flag', secrets: 'redact', personal: 'redact', ...settings },
  )
const textOf = (guarded: ReturnType<typeof look>) => (guarded.result as any).content[0].text as string
const joined = (...parts: string[]) => parts.join('')

describe('T6: what results give away', () => {
  test.each([
    ['AWS key', joined('AKIA', 'IOSFODNN7ABCDEFG')],
    ['GitHub token', joined('ghp_', 'a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6')],
    ['GitLab token', joined('glpat-', 'a1B2c3D4e5F6a1B2c3D4')],
    ['Slack token', joined('xoxb-', '1234567890-abcdefghij')],
    ['Stripe key', joined('sk_live_', 'a1B2c3D4e5F6a1B2')],
    ['Google key', joined('AIza', 'SyA1B2C3D4E5F6G7H8I9J0K1L2M3N4O5P6Q')],
    ['model provider key', joined('sk-ant-', 'a1B2c3D4e5F6a1B2c3D4')],
    ['JSON web token', joined('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0', '.abcdefghijklmnop')],
    [
      'private key',
      joined(
        '-----BEGIN RSA PRIVATE',
        ' KEY-----\nProc-Type: 4,ENCRYPTED\nMIIE\n-----END RSA PRIVATE KEY-----',
      ),
    ],
    ['password in an address', 'postgres://app:s3cretpw@db:5432/x'],
    ['assigned secret', 'DB_PASSWORD=hunter2hunter2'],
    ['e-mail address', 'ada.lovelace@analytical-engine.org'],
    ['phone number', '+49 170 1234567'],
    ['card number', '4111 1111 1111 1111'],
    ['account number', 'DE89 3704 0044 0532 0130 00'],
  ])('T6: %s is found and taken out', (kind, secret) => {
    const guarded = look(`before ${secret} after`)
    expect(guarded.findings.map((finding) => finding.kind)).toEqual([kind])
    expect(textOf(guarded)).not.toContain(secret.slice(-12))
    expect(textOf(guarded)).toMatch(/^before .*\[redacted: .*after$/s)
    const reported = look(`before ${secret} after`, { secrets: 'report', personal: 'report' })
    expect(reported.findings).toEqual([expect.objectContaining({ kind, count: 1, redacted: false })])
    expect(textOf(reported)).toBe(`before ${secret} after`)
  })

  test.each([
    'commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    'version 1.2.3.4, 2026-11-25T17:00:00Z, 1234567890123456',
    'password: <your-password>, token=${TOKEN}, api_key: xxxxxxxxxxxx1',
    'someone@example.com',
    'id DE12345678901234567890',
    'see https://example.org/@user and call 112',
    'a+1 (23) x',
    'uuid 123e4567-e89b-12d3-a456-426614174000',
  ])('harmless: %s', (text) => {
    expect(look(text).findings).toEqual([])
    expect(textOf(look(text))).toBe(text)
  })

  test('structured content, resources and messages are looked through; bytes are not', () => {
    const secret = joined('AKIA', 'IOSFODNN7ABCDEFG')
    const result = {
      structuredContent: { deep: [{ key: secret }] },
      contents: [{ uri: 'x:/', text: secret, blob: secret }],
      messages: [{ role: 'user', content: { type: 'text', text: secret } }],
      content: [{ type: 'image', data: secret }],
    }
    const { result: guarded, findings } = guardResult(result, {
      hidden: 'flag',
      secrets: 'redact',
      personal: 'off',
    })
    expect(findings).toEqual([{ about: 'secrets', kind: 'AWS key', count: 3, redacted: true }])
    expect(JSON.stringify(guarded).split(secret)).toHaveLength(3)
  })

  test('what is clean stays the object it was; what is too large is said to be', () => {
    const result = { content: [{ type: 'text', text: 'clean' }] }
    const settings = { hidden: 'strip', secrets: 'redact', personal: 'redact' } as const
    expect(guardResult(result, settings).result).toBe(result)
    const large = { content: [{ type: 'text', text: 'x'.repeat(5 * 1024 * 1024) }] }
    expect(guardResult(large, settings)).toMatchObject({ cutShort: true })
  })

  test.each(
    [
      '-----BEGIN RSA PRIVATE KEY-----',
      'eyJa',
      '+1 2',
      '4 ',
      'a@a.',
      'DE89 ',
      'password=',
      'a://a:',
      'sk-',
      'xoxb-1',
      '@',
      '1',
    ].map((seed) => [seed]),
  )('T6: a hostile result of %j holds nobody up', (seed) => {
    const text = seed.repeat(Math.ceil(1_000_000 / seed.length))
    const before = process.threadCpuUsage().user
    look(text)
    expect(process.threadCpuUsage().user - before).toBeLessThan(10_000_000)
  })
})

describe('T6: results are held against outputSchema', () => {
  const schema = {
    type: 'object',
    properties: {
      count: { type: 'integer', minimum: 0 },
      items: { type: 'array', items: { $ref: '#/$defs/item' }, maxItems: 2 },
      kind: { enum: ['a', 'b'] },
    },
    required: ['count'],
    additionalProperties: false,
    $defs: { item: { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] } },
  }

  test.each([
    [{ count: 1 }, undefined],
    [{ count: 0, items: ['abc', null], kind: 'b' }, undefined],
    [undefined, 'missing'],
    [{}, 'lacks "count"'],
    [{ count: '1' }, '/count must be integer'],
    [{ count: -1 }, '/count is out of minimum 0'],
    [{ count: 1, items: ['abcd'] }, '/items/0 fits none'],
    [{ count: 1, items: ['a', 'b', 'c'] }, 'maxItems'],
    [{ count: 1, kind: 'c' }, '/kind is none'],
    [{ count: 1, more: 1 }, '/more must not be there'],
    [[1], 'must be object'],
  ])('T6: %j: %s', (structuredContent, fault) => {
    const result = structuredContent === undefined ? {} : { structuredContent }
    const found = checkOutput(schema, result)
    if (fault === undefined) expect(found).toBeUndefined()
    else expect(found).toContain(fault)
  })

  test('an error of the tool itself needs no structure, and a tool without a schema is not checked', () => {
    expect(checkOutput(schema, { isError: true })).toBeUndefined()
    expect(checkOutput(undefined, {})).toBeUndefined()
  })

  test('T6: a schema that refers to itself, and one that branches without end, hold nobody up', () => {
    const endless = { $ref: '#', anyOf: [{ $ref: '#' }, { $ref: '#' }] }
    expect(checkOutput(endless, { structuredContent: {} })).toBeUndefined()
    let wide: object = { type: 'string' }
    for (let depth = 0; depth < 40; depth++) wide = { oneOf: [wide, wide, wide] }
    expect(() => checkOutput(wide, { structuredContent: 5 })).not.toThrow()
    const regex = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } }
    expect(checkOutput(regex, { structuredContent: { a: `${'a'.repeat(60)}!` } })).toBeUndefined()
  })
})
