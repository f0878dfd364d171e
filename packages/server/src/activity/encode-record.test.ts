import type { ActivityRecord } from '@parley/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../lib/jcs.ts'
import { encodeRecord } from './encode-record.ts'

/** Every property there is, so that one that is added to the contract and not to the encoder shows here. */
const whole: Required<ActivityRecord> = {
  at: 1_764_000_000_000,
  face: 'mcp',
  action: 'tools/call',
  requestId: 'req_01ARYZ6S41ABCDEFGHJKMNPQRS',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  subject: 'key_01ARYZ6S41ABCDEFGHJKMNPQRS',
  person: 'per_1',
  chain: [
    { kind: 'person', id: 'per_1' },
    { kind: 'app', id: 'app_1' },
  ],
  app: 'app_1',
  grant: 'gra_1',
  capability: 'tool:everything/echo',
  argumentsDigest: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
  definitionHash: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
  decision: 'allow',
  policies: ['a', 'b'],
  policyVersion: 1,
  catalogVersion: 12,
  peopleVersion: 3,
  obligations: { redact: ['/a'], capBytes: 10, limit: { key: 'k', perSecond: 2 } },
  result: 'ok',
  latencyMicros: 431,
  note: 'server "x" added\n\u0000 \u2028 é 𝄞',
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('\\', '"', '\\ud800', '\u0000\u001f\u007f', '\u2028'),
)
const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger())

const records = fc.record(
  {
    at: number,
    face: text,
    action: text,
    requestId: text,
    traceId: text,
    subject: text,
    person: text,
    chain: fc.array(fc.record({ kind: text, id: text })),
    app: text,
    grant: text,
    capability: text,
    argumentsDigest: text,
    definitionHash: text,
    decision: text,
    policies: fc.array(text),
    policyVersion: number,
    catalogVersion: number,
    peopleVersion: number,
    obligations: fc.record({ redact: fc.array(text), capBytes: number }, { requiredKeys: [] }),
    result: text,
    latencyMicros: number,
    note: text,
  } satisfies Record<keyof ActivityRecord, unknown>,
  {
    requiredKeys: [
      'at',
      'face',
      'action',
      'requestId',
      'subject',
      'chain',
      'decision',
      'policies',
      'policyVersion',
      'catalogVersion',
      'peopleVersion',
      'result',
      'latencyMicros',
    ],
  },
)

test('a record with every property is its canonical JSON', () => {
  expect(encodeRecord(whole)).toBe(canonicalJson(whole))
})

test('any record is its canonical JSON', () => {
  fc.assert(
    fc.property(records, (record) => {
      const any = record as unknown as ActivityRecord
      expect(encodeRecord(any)).toBe(canonicalJson(any))
    }),
    { numRuns: 2000 },
  )
})

test('a lone surrogate does not keep an act out of the record', () => {
  const encoded = encodeRecord({ ...whole, note: 'a\ud800b' })
  expect(encoded).toBe(canonicalJson({ ...whole, note: 'a\ufffdb' }))
})

test('a number without a JSON form is refused before it can spoil a batch', () => {
  expect(() => encodeRecord({ ...whole, latencyMicros: Number.NaN })).toThrow(TypeError)
  expect(() => encodeRecord({ ...whole, at: Infinity })).toThrow(TypeError)
})
