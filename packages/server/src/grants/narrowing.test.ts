import type { ArgumentConstraint, CapabilityName, CapabilityRule, GrantTerms } from '@parley/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileTerms } from './compile-terms.ts'
import { consent, delegation, openGrants, terms } from './grants-fixture.ts'
import { findExcess } from './index.ts'

// Few words, so that patterns, constraints and calls meet often.
const names = [
  ...(['tool:a/x', 'tool:a/xy', 'tool:b/x', 'prompt:a/x'] as const),
  ...(['resource:a/x/y', 'resource:a/x/../y'] as const),
]
const pattern = fc.constantFrom(
  '*',
  'tool:*',
  'tool:a/*',
  'tool:a/x*',
  'resource:a/*',
  'resource:a/x/*',
  ...names,
)
const scalar = fc.constantFrom<string | number | null>('', 'p', 'p/q', 'p/../q', 0, 1, 2, null)
const pointer = fc.constantFrom('/u', '/v')
const constraint: fc.Arbitrary<ArgumentConstraint> = fc.oneof(
  fc.record({ pointer, equals: scalar }),
  fc.record({ pointer, oneOf: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
  fc.record({ pointer, prefix: fc.constantFrom('p', 'p/') }),
  fc.record({ pointer, atMost: fc.constantFrom(0, 1, 2) }),
  fc.record({ pointer, atLeast: fc.constantFrom(0, 1, 2), atMost: fc.constantFrom(1, 2) }),
)
const rule: fc.Arbitrary<CapabilityRule> = fc.record(
  { capability: pattern, where: fc.array(constraint, { minLength: 1, maxLength: 3 }) },
  { requiredKeys: ['capability'] },
)
const scopes = fc.subarray(['mcp', 'tool:a/x', 'hub:read'])
const anyTerms: fc.Arbitrary<GrantTerms> = fc.record({
  audiences: fc.dictionary(fc.constantFrom('m', 'n'), scopes),
  capabilities: fc.array(rule, { minLength: 1, maxLength: 4 }),
  limits: fc.record(
    { calls: fc.constantFrom(1, 2), callsPerMinute: fc.constantFrom(1, 2) },
    { requiredKeys: [] },
  ),
  expiresAt: fc.constantFrom(null, 1, 2),
})
const value = fc.oneof(scalar, fc.constantFrom<unknown>(undefined, {}, 3, 'pp'))
const call = fc.record({ name: fc.constantFrom<CapabilityName>(...names), u: value, v: value })

const allows = (given: GrantTerms, { name, ...args }: { name: CapabilityName; u: unknown; v: unknown }) =>
  compileTerms(given).match(name, () => args) === 'yes'

test('A16: what is held to be narrower allows no call that the wider one does not', () => {
  let narrower = 0
  fc.assert(
    fc.property(
      anyTerms,
      anyTerms,
      fc.array(call, { minLength: 20, maxLength: 40 }),
      (child, parent, calls) => {
        if (findExcess(child, parent) !== undefined) return
        narrower += 1
        for (const each of calls) if (allows(child, each)) expect(allows(parent, each)).toBe(true)
        expect(child.limits.calls ?? Infinity).toBeLessThanOrEqual(parent.limits.calls ?? Infinity)
        expect(child.expiresAt ?? Infinity).toBeLessThanOrEqual(parent.expiresAt ?? Infinity)
        for (const audience of Object.keys(child.audiences))
          expect(parent.audiences).toHaveProperty([audience])
      },
    ),
    { numRuns: 60_000 },
  )
  expect(narrower).toBeGreaterThan(200)
})

test('every grant is as wide as itself, and narrower is transitive', () => {
  fc.assert(
    fc.property(anyTerms, (given) => {
      expect(findExcess(given, given)).toBeUndefined()
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(anyTerms, anyTerms, anyTerms, (low, middle, top) => {
      if (findExcess(low, middle) === undefined && findExcess(middle, top) === undefined)
        expect(findExcess(low, top)).toBeUndefined()
    }),
    { numRuns: 60_000 },
  )
})

test('A16: no chain of delegations ever covers a call that a link above it does not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyTerms, { minLength: 6, maxLength: 20 }),
      fc.array(call),
      async (wanted, calls) => {
        const { grants } = await openGrants()
        const chain = [
          await grants.create(consent(terms([{ capability: 'tool:*' }], { audiences: {} })), 'x'),
        ]
        for (const each of wanted) {
          const given = { ...each, audiences: {}, expiresAt: null }
          const made = await grants.create(delegation(chain.at(-1)!.id, given), 'x').catch(() => undefined)
          if (made) chain.push(made)
        }
        for (const { name, ...args } of calls) {
          const covered = chain.map(({ id }) => grants.covers(id, name, () => args).kind === 'covered')
          for (let at = 1; at < covered.length; at++) if (covered[at]) expect(covered[at - 1]).toBe(true)
        }
      },
    ),
    { numRuns: 40 },
  )
})
