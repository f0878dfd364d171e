import type { ActivityRecord } from '@parley/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../lib/jcs.ts'
import { CallTemplate, type CallDetails, type CallFacts } from './call-template.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((one) => one.toWellFormed()),
  fc.constantFrom('","at":0,', '"at":0', '\\"at":0,', '"argumentsDigest":"', '"result":""', '\\', '\u2028'),
)
const count = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))

const facts = fc.record(
  {
    face: text,
    action: text,
    subject: text,
    person: text,
    chain: fc.array(fc.record({ kind: text, id: text })),
    app: text,
    grant: text,
    capability: text,
    definitionHash: text,
    decision: text,
    policies: fc.array(text),
    policyVersion: fc.nat(),
    catalogVersion: fc.nat(),
    peopleVersion: fc.nat(),
  } satisfies Record<keyof CallFacts, unknown>,
  {
    requiredKeys: [
      'face',
      'action',
      'subject',
      'chain',
      'decision',
      'policies',
      'policyVersion',
      'catalogVersion',
      'peopleVersion',
    ],
  },
)
const id = fc.oneof(fc.stringMatching(/^[\w-]{0,40}$/), text)
const details = fc.record({
  at: count,
  requestId: id,
  argumentsDigest: id,
  traceId: fc.option(id, { nil: undefined }),
  result: fc.constantFrom('ok', 'tool_error', 'upstream_timeout'),
  latencyMicros: count,
})

test('a filled template is the canonical JSON of the whole record', () => {
  fc.assert(
    fc.property(facts, fc.array(details, { minLength: 1, maxLength: 3 }), (some, calls) => {
      const template = new CallTemplate(some as unknown as CallFacts)
      for (const call of calls) {
        const { traceId, ...rest } = call
        const record = { ...some, ...rest, ...(traceId === undefined ? {} : { traceId }) }
        expect(template.fill(call as unknown as CallDetails)).toBe(
          canonicalJson(record as unknown as ActivityRecord),
        )
      }
    }),
    { numRuns: 2000 },
  )
})
