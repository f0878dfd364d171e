import { expect, test } from 'vitest'
import { TokenCache } from './token-cache.ts'

const tail = 's'.repeat(40)

test('an entry is found by the whole text, not by its end alone', () => {
  const cache = new TokenCache<string>(10)
  cache.set(`Bearer a${tail}`, 'a')
  expect(cache.get(`Bearer a${tail}`)).toBe('a')
  expect(cache.get(`Bearer b${tail}`)).toBeUndefined()
  expect(cache.get(tail)).toBeUndefined()
  cache.delete(`Bearer b${tail}`)
  expect(cache.get(`Bearer a${tail}`)).toBe('a')
  cache.delete(`Bearer a${tail}`)
  expect(cache.get(`Bearer a${tail}`)).toBeUndefined()
})

test('never holds more than its limit, and keeps what is asked for', () => {
  const cache = new TokenCache<number>(100)
  cache.set('kept', -1)
  for (let at = 0; at < 10_000; at++) {
    cache.set(`header ${at}`, at)
    expect(cache.get('kept')).toBe(-1)
    expect(cache.size).toBeLessThanOrEqual(100)
  }
  expect(cache.get('header 0')).toBeUndefined()
  expect(cache.get('header 9999')).toBe(9999)
})
