import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../lib/manual-clock.ts'
import { freshnessMs } from './freshness.ts'
import { newDataDir, openDirectoryHouse, removeDataDir, sampleCard, type DirectoryHouse } from './test-kit.ts'

const ADMIN = 'key_admin'
const MINUTE_MS = 60_000

let dataDir: string
let house: DirectoryHouse
let server: Server
let answer: RequestListener

beforeEach(async () => {
  dataDir = newDataDir()
  answer = (_req, res) => void res.writeHead(404).end()
  server = createServer((req, res) => answer(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  house = await openDirectoryHouse(dataDir)
})

afterEach(async () => {
  await house.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  removeDataDir(dataDir)
})

const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const add = () => house.directory.add({ name: 'weather', cardUrl: `${origin()}/card.json` }, ADMIN)
const json = { 'content-type': 'application/json' }

describe('cards from hostile hosts are refused, and nothing of them is kept', () => {
  test.each<[string, RequestListener]>([
    [
      'endless',
      (_req, res) => void res.writeHead(200, json).write('{"name":"' + 'x'.repeat(2 * 1024 * 1024)),
    ],
    ['silent', () => undefined],
    ['cut off', (_req, res) => void res.writeHead(200, json).write('{"na', () => res.destroy())],
    ['compressed', (_req, res) => void res.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('x')],
    ['deep', (_req, res) => void res.writeHead(200, json).end('{"a":'.repeat(5000) + '1' + '}'.repeat(5000))],
    ['not modified, unasked', (_req, res) => void res.writeHead(304).end()],
    ['empty', (_req, res) => void res.writeHead(204).end()],
    [
      'of prototype names',
      (_req, res) => void res.writeHead(200, json).end('{"__proto__":{"name":"x"},"constructor":{}}'),
    ],
    [
      'with a lone surrogate',
      (_req, res) =>
        void res
          .writeHead(200, json)
          .end(JSON.stringify(sampleCard(origin(), { name: 'a' })).replace('"a"', '"\\ud800"')),
    ],
    [
      'with too many skills',
      (_req, res) => {
        const skill = { name: 'x', description: 'x', tags: ['x'] }
        const skills = Array.from({ length: 5000 }, (_, at) => ({ ...skill, id: `s${at}` }))
        res.writeHead(200, json).end(JSON.stringify(sampleCard(origin(), { skills })))
      },
    ],
  ])('%s', async (_, listener) => {
    answer = listener
    await expect(add()).rejects.toMatchObject({ name: 'ParleyError' })
    expect(house.directory.agents()).toEqual([])
    expect(house.actions()).toEqual([])
  })

  test('one that turns so later leaves the approved card, and is told as trouble', async () => {
    answer = (_req, res) => void res.writeHead(200, json).end(JSON.stringify(sampleCard(`${origin()}/a2a`)))
    await add()
    answer = (_req, res) => void res.writeHead(200, json).write('{"name":"' + 'x'.repeat(2 * 1024 * 1024))
    await house.directory.refresh('weather')
    expect(house.directory.entry('weather')!.card.name).toBe('Weather')
    expect(house.directory.health('weather').lastError).toMatch(/\S/)
    expect(house.actions()).toEqual(['card.add'])
  })
})

describe('B12: how long a card is fresh', () => {
  test.each<[string, Record<string, string>, number]>([
    ['what max-age says', { 'cache-control': 'public, max-age=600' }, 10 * MINUTE_MS],
    ['a minute at least', { 'cache-control': 'max-age=1' }, MINUTE_MS],
    ['a day at most', { 'cache-control': 'max-age=9999999999' }, 24 * 60 * MINUTE_MS],
    ['a minute for no-cache', { 'cache-control': 'no-cache' }, MINUTE_MS],
    ['a minute for no-store', { 'cache-control': 'max-age=600, no-store' }, MINUTE_MS],
    ['15 minutes when nothing is said', {}, 15 * MINUTE_MS],
    ['what caches on the way have left of it', { 'cache-control': 'max-age=600', age: '300' }, 5 * MINUTE_MS],
    [
      'until Expires',
      { date: 'Wed, 25 Nov 2026 12:00:00 GMT', expires: 'Wed, 25 Nov 2026 12:20:00 GMT' },
      20 * MINUTE_MS,
    ],
    ['a minute where Expires is no date', { expires: '0' }, MINUTE_MS],
    ['15 minutes where max-age is none', { 'cache-control': 'max-age=soon' }, 15 * MINUTE_MS],
  ])('%s', (_, headers, expected) => {
    expect(freshnessMs(headers)).toBe(expected)
  })
})

test('a host that fails is asked again later and later, and at once when it is well', async () => {
  await house.close()
  const clock = new ManualClock()
  house = await openDirectoryHouse(dataDir, { clock })
  let asked = 0
  let isWell = true
  answer = (_req, res) => {
    asked++
    if (!isWell) return void res.writeHead(500).end()
    res.writeHead(200, { ...json, 'cache-control': 'max-age=60' })
    res.end(JSON.stringify(sampleCard(`${origin()}/a2a`)))
  }
  await add()
  isWell = false
  const advance = async (ms: number) => {
    const before = asked
    clock.advance(ms)
    while (asked === before) await new Promise((resolve) => setTimeout(resolve, 5))
    const state = isWell ? 'ready' : 'failing'
    while (house.directory.health('weather').state !== state || clock.pendingTimers === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await advance(MINUTE_MS)
  for (const waitMs of [1000, 2000, 4000, 8000]) await advance(waitMs)
  expect(asked).toBe(6)
  isWell = true
  await advance(16_000)
  expect(house.directory.entry('weather')).toBeDefined()
})
