import fc from 'fast-check'
import { expect, test } from 'vitest'
import { consent, delegation, openGrants, terms } from './grants-fixture.ts'

const any = [{ capability: '*' }]
const nothing = () => ({})

test('a number of calls is let through and not one more, at once, in turn and after kills', async () => {
  for (const limit of [1, 7, 120]) {
    const fixture = await openGrants()
    const { id } = await fixture.grants.create(consent(terms(any, { limits: { calls: limit } })), 'x')
    let passed = 0
    const wave = async (count: number) => {
      const all = await Promise.all(
        Array.from({ length: count }, async () => fixture.grants.take(id, nothing)),
      )
      passed += all.filter((reached) => reached === undefined).length
    }
    await wave(Math.ceil(limit / 3))
    await fixture.reopen()
    await wave(limit)
    await fixture.reopen()
    await wave(limit)
    expect(passed).toBeLessThanOrEqual(limit)
    // A kill costs what was taken ahead: a block, a twentieth of the limit.
    expect(passed).toBeGreaterThanOrEqual(limit - 2 * Math.max(1, limit / 20))
    expect(await fixture.grants.take(id, nothing)).toEqual({ grant: id, limit: 'calls' })
  }
})

test('calls of a delegation count against every grant above it', async () => {
  const { grants } = await openGrants()
  const top = await grants.create(consent(terms(any, { limits: { calls: 4 } })), 'x')
  const [left, right] = await Promise.all(
    [3, 4].map((calls) => grants.create(delegation(top.id, terms(any, { limits: { calls } })), 'x')),
  )
  const passed = []
  for (const { id } of [left!, left!, left!, left!, right!, right!, right!])
    passed.push((await grants.take(id, nothing)) === undefined)
  expect(passed.filter(Boolean)).toHaveLength(4)
})

test('no sixty seconds, wherever they begin, have more calls than the limit, and it says when one may', async () => {
  const { grants, clock } = await openGrants()
  const { id } = await grants.create(consent(terms(any, { limits: { callsPerMinute: 2 } })), 'x')
  clock.advance(59_900)
  expect([grants.take(id, nothing), grants.take(id, nothing)]).toEqual([undefined, undefined])
  clock.advance(200)
  // A minute of the clock has begun anew; the last sixty seconds are as full as before.
  expect(grants.take(id, nothing)).toEqual({ grant: id, limit: 'callsPerMinute', retryAfterSeconds: 60 })
  clock.advance(60_000)
  expect(grants.take(id, nothing)).toBeUndefined()
  clock.advance(30_000)
  expect(grants.take(id, nothing)).toBeUndefined()
  expect(grants.take(id, nothing)).toMatchObject({ limit: 'callsPerMinute', retryAfterSeconds: 31 })
})

test('whatever the pattern of calls, the limit holds in each minute and calls go on after the wait told', async () => {
  const waits = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 5, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(waits, fc.integer({ min: 1, max: 5 }), async (steps, limit) => {
      const { grants, clock } = await openGrants()
      const { id } = await grants.create(consent(terms(any, { limits: { callsPerMinute: limit } })), 'x')
      const passed: number[] = []
      for (const step of steps) {
        clock.advance(step)
        const reached = await grants.take(id, nothing)
        if (reached) {
          clock.advance(reached.retryAfterSeconds! * 1000)
          expect(await grants.take(id, nothing)).toBeUndefined()
        }
        passed.push(clock.monotonicMicros())
      }
      for (const at of passed)
        expect(passed.filter((each) => each > at - 60_000_000 && each <= at).length).toBeLessThanOrEqual(
          limit,
        )
    }),
    { numRuns: 20 },
  )
})

test('G3: a call without the amount that the grant counts is refused, its parent’s too', async () => {
  const { grants } = await openGrants()
  const limits = { amount: { pointer: '/euro', total: 100 } }
  const top = await grants.create(consent(terms(any, { limits })), 'x')
  const below = await grants.create(delegation(top.id, terms(any, { limits })), 'x')
  for (const args of [{}, { EURO: 1 }, { euro: null }, { euro: '5' }, undefined, [5]]) {
    const reached = { limit: 'amount', uncounted: '/euro' }
    expect(await grants.take(top.id, () => args)).toMatchObject(reached)
    expect(await grants.take(below.id, () => args)).toMatchObject(reached)
  }
  expect(await grants.take(below.id, () => ({ euro: 0 }))).toBeUndefined()
  expect(await grants.take(below.id, () => ({ euro: 100 }))).toBeUndefined()
  expect(await grants.take(top.id, () => ({ euro: 1 }))).toEqual({ grant: top.id, limit: 'amount' })
})

test('a sum is never exceeded, whatever is asked in whatever order', async () => {
  const amounts = fc.array(
    fc.oneof(fc.integer({ min: -5, max: 60 }), fc.constantFrom<unknown>('9', null, {}, NaN)),
    {
      maxLength: 12,
    },
  )
  await fc.assert(
    fc.asyncProperty(amounts, async (asked) => {
      const { grants } = await openGrants()
      const limits = { amount: { pointer: '/euro', total: 100 } }
      const { id } = await grants.create(consent(terms(any, { limits })), 'x')
      const passed = await Promise.all(
        asked.map(async (euro) => ((await grants.take(id, () => ({ euro }))) ? 0 : Number(euro ?? 0))),
      )
      expect(passed.every((amount) => amount >= 0)).toBe(true)
      expect(passed.reduce((sum, amount) => sum + amount, 0)).toBeLessThanOrEqual(100)
    }),
    { numRuns: 25 },
  )
})
