import type { GrantId } from '@parley/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PERSON, consent, delegation, openGrants, terms } from './grants-fixture.ts'

const any = terms([{ capability: '*' }])
const AUDIENCE = 'http://localhost:4747/mcp'

test('A16, G7: whichever links of a tree are revoked, those and all below them have ended, and no others', async () => {
  const tree = fc.array(fc.nat(), { minLength: 2, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(tree, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), async (shape, cut) => {
      const fixture = await openGrants()
      const { grants } = fixture
      const ids: GrantId[] = [(await grants.create(consent(any), 'x')).id]
      const parents: number[] = [-1]
      for (const number of shape) {
        const parent = number % ids.length
        if (grants.lineage(ids[parent]!).length >= 8) continue
        ids.push((await grants.create(delegation(ids[parent]!, any), 'x')).id)
        parents.push(parent)
      }
      const isCut = new Set(cut.map((number) => number % ids.length))
      const ended = await Promise.all([...isCut].map((at) => grants.revoke(ids[at]!, 'x')))
      const hasEnded = (at: number): boolean => at >= 0 && (isCut.has(at) || hasEnded(parents[at]!))
      const expected = ids.filter((_id, at) => hasEnded(at)).toSorted()
      expect(ended.flat().toSorted()).toEqual(expected)
      expect(fixture.ended.toSorted()).toEqual(expected)
      const notCovered = () => ids.filter((id) => fixture.grants.covers(id, 'tool:a/b').kind !== 'covered')
      expect(notCovered().toSorted()).toEqual(expected)
      await fixture.reopen()
      expect(notCovered().toSorted()).toEqual(expected)
    }),
    { numRuns: 12 },
  )
})

test('A16: a chain never lets more through than its smallest limit, however calls, changes and kills fall', async () => {
  const step = fc.oneof(
    fc.record({
      does: fc.constant('take'),
      link: fc.nat({ max: 2 }),
      count: fc.integer({ min: 1, max: 30 }),
    }),
    fc.record({ does: fc.constantFrom('kill', 'change'), link: fc.nat({ max: 2 }), count: fc.nat() }),
  )
  const limits = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 3, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 10 }), async (wanted, steps) => {
      const fixture = await openGrants()
      const falling = wanted.toSorted((left, right) => right - left)
      const ids: GrantId[] = []
      for (const calls of falling) {
        const given = { ...any, limits: { calls } }
        const parent = ids.at(-1)
        ids.push((await fixture.grants.create(parent ? delegation(parent, given) : consent(given), 'x')).id)
      }
      const passed = [0, 0, 0]
      for (const { does, link, count } of steps) {
        const id = ids[link]!
        if (does === 'kill') await fixture.reopen()
        else if (does === 'change')
          await fixture.grants
            .changeTerms(
              id,
              { ...any, capabilities: [{ capability: 'tool:*' }], limits: { calls: falling[link]! } },
              'x',
            )
            .catch(() => undefined)
        else {
          const all = await Promise.all(
            Array.from({ length: count }, async () => fixture.grants.take(id, () => ({}))),
          )
          const through = all.filter((reached) => reached === undefined).length
          for (let at = 0; at <= link; at++) passed[at]! += through
        }
      }
      for (const [at, calls] of falling.entries()) expect(passed[at]).toBeLessThanOrEqual(calls)
    }),
    { numRuns: 12 },
  )
})

test('A16: tokens are to be had for no audience or scope that a parent has lost', async () => {
  const { grants } = await openGrants()
  const both = { [AUDIENCE]: ['mcp', 'hub:read'], other: ['read'] }
  const top = await grants.create(consent({ ...any, audiences: both }), 'x')
  const low = await grants.create(
    delegation(top.id, { ...any, audiences: { [AUDIENCE]: ['tool:a/b', 'hub:read'], other: ['read'] } }),
    'x',
  )
  expect(grants.audiencesOf(low.id)).toEqual({ [AUDIENCE]: ['tool:a/b', 'hub:read'], other: ['read'] })
  await grants.changeTerms(top.id, { ...any, audiences: { [AUDIENCE]: ['mcp'] } }, 'x')
  expect(grants.audiencesOf(low.id)).toEqual({ [AUDIENCE]: ['tool:a/b'] })
  await grants.revoke(top.id, 'x')
  expect(grants.audiencesOf(low.id)).toEqual({})
})

test('an audience that is named like what every object has is no audience of the parent', async () => {
  const { grants } = await openGrants()
  const top = await grants.create(consent(any), 'x')
  for (const audience of ['constructor', 'toString'])
    await expect(
      grants.create(delegation(top.id, { ...any, audiences: { [audience]: ['mcp'] } }), 'x'),
    ).rejects.toMatchObject({ code: 'invalid_params' })
})

test('A16: a grant is passed on in the name of the same person, and nothing but a delegation is part of another', async () => {
  const { grants, actions } = await openGrants()
  const top = await grants.create(consent(any), 'x')
  const child = delegation(top.id, any)
  for (const wrong of [
    { ...child, person: null },
    { ...child, person: 'per_00000000000000000000000002' as const },
    { ...child, kind: 'consent' as const },
    { ...child, parent: null },
  ])
    await expect(grants.create(wrong, 'x')).rejects.toMatchObject({ code: 'invalid_params' })
  expect(actions()).toEqual(['grant.create'])
})

test('grants that have expired leave memory, and can be prolonged', async () => {
  const { grants, clock } = await openGrants()
  const soon = { ...any, expiresAt: clock.now() + 1000 }
  const holder = { kind: 'person', id: PERSON } as const
  const own = await grants.create(
    { kind: 'entitlement', holder, person: null, parent: null, terms: soon },
    'x',
  )
  await Promise.all(Array.from({ length: 1200 }, () => grants.create(consent(soon), 'x')))
  expect(grants.lineage(own.id)).toHaveLength(1)
  clock.advance(2000)
  expect(grants.list({})).toHaveLength(1)
  await Promise.all(Array.from({ length: 1200 }, () => grants.create(consent(any), 'x')))
  expect(grants.lineage(own.id)).toEqual([])
  expect(grants.entitlementsOf(holder)).toEqual([])
  expect(grants.covers(own.id, 'tool:a/b').kind).toBe('not-covered')
  await grants.changeTerms(own.id, any, 'x')
  expect(grants.covers(own.id, 'tool:a/b').kind).toBe('covered')
  expect(grants.entitlementsOf(holder)).toHaveLength(1)
})
