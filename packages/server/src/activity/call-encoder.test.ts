import type { CapabilityName, Decision, Principal } from '@parley/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../lib/jcs.ts'
import { CallEncoder } from './call-encoder.ts'
import { toActivityRecord, type CallRecord } from './call-record.ts'
import { encodeRecord } from './encode-record.ts'

const principal: Principal = {
  subject: 'key_1',
  chain: [{ kind: 'key', id: 'key_1' }],
  roles: ['admin'],
  assurance: { kind: 'bootstrap' },
}
const allow: Decision = {
  kind: 'allow',
  obligations: {},
  policies: ['builtin:administrator'],
  policyVersion: 1,
}
const call: CallRecord = {
  face: 'mcp',
  principal,
  action: 'tools/call',
  capability: 'tool:everything/echo',
  definitionHash: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
  decision: allow,
  argumentsDigest: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
  at: 1_764_000_000_000,
  requestId: 'req_01ARYZ6S41ABCDEFGHJKMNPQRS',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  catalogVersion: 12,
  peopleVersion: 3,
  result: 'ok',
  latencyMicros: 431,
}

const odd = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.constantFrom('\\', '"', '\\ud800', '\u0000\u001f\u007f', '\u2028', 'é', '𝄞', ''),
)
const maybe = (text: fc.Arbitrary<string>) => fc.option(text, { nil: undefined })
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constant(-0),
)
const principals = fc.record(
  {
    subject: odd,
    person: odd,
    app: odd,
    grant: odd,
    chain: fc.array(fc.record({ kind: odd, id: odd }), { maxLength: 3 }),
  },
  { requiredKeys: ['subject', 'chain'] },
)
const decisions = fc.record({
  kind: fc.constantFrom('allow', 'deny', 'consent', 'step-up', 'approval'),
  obligations: fc.record({ redact: fc.array(odd), capBytes: number }, { requiredKeys: [] }),
  policies: fc.array(odd, { maxLength: 3 }),
  policyVersion: number,
})
const calls = fc.record({
  face: fc.constantFrom('mcp', 'a2a'),
  principal: principals,
  action: odd,
  capability: maybe(odd),
  definitionHash: maybe(odd),
  decision: fc.option(decisions, { nil: undefined }),
  argumentsDigest: maybe(odd),
  at: number,
  requestId: odd,
  traceId: maybe(odd),
  catalogVersion: number,
  peopleVersion: number,
  result: fc.constantFrom('ok', 'tool_error', 'forbidden'),
  latencyMicros: number,
} satisfies Record<keyof CallRecord, unknown>)

test('a call is the canonical JSON of its record, however often it comes', () => {
  const encoder = new CallEncoder()
  for (const latencyMicros of [0, 431, 7, 1.5, 1e21, 1e-7]) {
    const one = { ...call, latencyMicros, at: call.at + latencyMicros }
    expect(encoder.encode(one)).toBe(canonicalJson(toActivityRecord(one)))
  }
})

test('any call is the canonical JSON of its record, whatever was encoded before it', () => {
  const encoder = new CallEncoder()
  fc.assert(
    fc.property(fc.array(calls, { minLength: 1, maxLength: 4 }), fc.nat(), (several, swap) => {
      const all = several as unknown as CallRecord[]
      const first = all[0]!
      // Each once as it is and once with parts of another, so that templates fit, and nearly fit.
      const mixed = all.map((one, at) => ({
        ...first,
        ...pick(one, swap + at),
      }))
      for (const one of [...all, ...mixed, ...all])
        expect(encoder.encode(one)).toBe(canonicalJson(toActivityRecord(one)))
    }),
    { numRuns: 1500 },
  )
})

function pick(one: CallRecord, bits: number): Partial<CallRecord> {
  return Object.fromEntries(Object.entries(one).filter((_, at) => (bits >> at) & 1))
}

test('every change of what is kept shows in the next record', () => {
  const encoder = new CallEncoder()
  encoder.encode(call)
  const changes: Partial<CallRecord>[] = [
    { principal: { ...principal, person: 'per_1' } },
    { principal: { ...principal, chain: [] } },
    { principal: { ...principal, subject: 'key_2' } },
    { decision: { ...allow, policies: ['other'] } },
    { decision: { ...allow, obligations: { capBytes: 5 } } },
    { decision: { kind: 'deny', reason: 'no', policies: [], policyVersion: 2 } },
    { decision: undefined },
    { definitionHash: 'other' },
    { definitionHash: undefined },
    { capability: undefined },
    { capability: 'tool:everything/other' },
    { action: 'prompts/get' },
    { face: 'a2a' },
    { argumentsDigest: undefined },
    { traceId: undefined },
    { catalogVersion: 13 },
    { peopleVersion: 4 },
  ]
  for (const change of changes) {
    const one = { ...call, ...change }
    expect(encoder.encode(one)).toBe(canonicalJson(toActivityRecord(one)))
    expect(encoder.encode(one)).not.toBe(encoder.encode(call))
  }
})

test('a lone surrogate anywhere does not keep a call out of the record', () => {
  const encoder = new CallEncoder()
  const broken = 'a\ud800b'
  for (const one of [
    { ...call, capability: `tool:x/${broken}` as CapabilityName },
    { ...call, requestId: broken },
    { ...call, principal: { ...principal, subject: broken } },
  ]) {
    const text = encoder.encode(one)
    expect(text).toBe(encodeRecord(toActivityRecord(one)))
    expect(text).toContain('a\ufffdb')
  }
})

test('a number without a JSON form is refused', () => {
  const encoder = new CallEncoder()
  encoder.encode(call)
  for (const bad of [
    { at: Number.NaN },
    { latencyMicros: Infinity },
    { catalogVersion: Number.NaN },
    { peopleVersion: -Infinity },
    { decision: { ...allow, policyVersion: Number.NaN } },
  ])
    expect(() => encoder.encode({ ...call, ...bad })).toThrow(TypeError)
})

test('more capabilities than there is room for, and huge ones, are encoded all the same', () => {
  const encoder = new CallEncoder()
  for (let at = 0; at < 5000; at++) {
    const capability: CapabilityName = `resource:files/${'x'.repeat(at % 3000)}${at}`
    const one = { ...call, capability, principal: { ...principal, subject: `key_${at % 40}` } }
    if (encoder.encode(one) !== canonicalJson(toActivityRecord(one))) expect.fail(capability)
  }
  expect(encoder.size).toBeLessThanOrEqual(2048)
})
