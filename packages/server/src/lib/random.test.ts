import { isId } from '@parley/contract'
import { describe, expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'
import { createNewId, systemRandom } from './random.ts'
import { seededRandom } from './seeded-random.ts'

describe('new id', () => {
  it('makes ids of the contract form, all different', () => {
    const newId = createNewId(new ManualClock(), systemRandom)
    const ids = Array.from({ length: 5000 }, () => newId('request'))
    expect(ids.every((id) => isId('request', id))).toBe(true)
    expect(ids.some((id) => isId('server', id))).toBe(false)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('sorts by creation also when the clock steps back', () => {
    const clock = new ManualClock(5000)
    const newId = createNewId(clock, systemRandom)
    const first = newId('server')
    clock.setNow(1000)
    const second = newId('server')
    clock.setNow(5001)
    const third = newId('server')
    expect(second.slice(4, 14)).toBe(first.slice(4, 14))
    expect(third > first && third > second).toBe(true)
  })

  it('holds the 48 bits of time in front, as ULID does', () => {
    const newId = createNewId(new ManualClock(1_469_918_176_385), seededRandom('a'))
    expect(newId('key').slice(4, 14)).toBe('01ARYZ6S41')
  })

  it('repeats with a seed and differs without', () => {
    const clock = new ManualClock()
    const make = (seed: string) => createNewId(clock, seededRandom(seed))('task')
    expect(make('a')).toBe(make('a'))
    expect(make('a')).not.toBe(make('b'))
  })

  it('spreads the random bits over the whole alphabet', () => {
    const newId = createNewId(new ManualClock(), seededRandom('spread'))
    const seen = Array.from({ length: 16 }, () => new Set<string>())
    for (let i = 0; i < 2000; i++)
      newId('task')
        .slice(14)
        .split('')
        .forEach((char, at) => seen[at]?.add(char))
    expect(seen.map((chars) => chars.size)).toEqual(Array.from({ length: 16 }, () => 32))
  })
})
