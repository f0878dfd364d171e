import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WaitingRequests, type Waiting } from './waiting-requests.ts'

const waiting = (id: string, expiresAt = Infinity): Waiting => ({
  model: 'Interaction',
  idHash: createHash('sha256').update(id).digest(),
  expiresAt,
})

test('whoever has most loses its oldest; who has few keeps them', () => {
  const requests = new WaitingRequests(10)
  expect(requests.begin(waiting('honest'), 'honest', 0)).toEqual([])
  for (let at = 0; at < 9; at++) expect(requests.begin(waiting(`flood ${at}`), 'flood', 0)).toEqual([])
  expect(requests.begin(waiting('newcomer'), 'newcomer', 0)).toEqual([waiting('flood 0')])
  expect(requests.begin(waiting('flood 9'), 'flood', 0)).toEqual([waiting('flood 1')])
  expect(requests.size).toBe(10)
})

test('what has expired gives its place before anybody loses one, and what is known keeps its own', () => {
  const requests = new WaitingRequests(2)
  requests.begin(waiting('a', 1000), 'one', 0)
  requests.begin(waiting('b'), 'one', 0)
  expect(requests.begin(waiting('b'), 'two', 2000)).toEqual([])
  expect(requests.begin(waiting('c'), 'two', 2000)).toEqual([])
  requests.end(waiting('b'))
  expect(requests.size).toBe(1)
})

test('there are never more than the limit, and an address below its share loses nothing', () => {
  const begins = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 })
  fc.assert(
    fc.property(begins, (addresses) => {
      const requests = new WaitingRequests(20)
      const lostOf = new Map<number, number>()
      addresses.forEach((address, at) => {
        for (const lost of requests.begin(waiting(`${at}`), String(address), 0)) {
          const owner = addresses.findIndex((_, id) => waiting(`${id}`).idHash.equals(lost.idHash))
          lostOf.set(addresses[owner]!, (lostOf.get(addresses[owner]!) ?? 0) + 1)
        }
        expect(requests.size).toBeLessThanOrEqual(20)
      })
      for (const address of new Set(addresses))
        if (addresses.filter((one) => one === address).length <= 4)
          expect(lostOf.get(address)).toBeUndefined()
    }),
  )
})
