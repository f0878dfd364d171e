import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../lib/json-rpc.ts'
import { ManualClock } from '../lib/manual-clock.ts'
import {
  WELL_KNOWN,
  newDataDir,
  openDirectoryHouse,
  removeDataDir,
  sampleCard,
  startCardHost,
  type CardHost,
  type DirectoryHouse,
} from './test-kit.ts'

const ADMIN = 'key_admin'

let dataDir: string
let host: CardHost
let house: DirectoryHouse
let clock: ManualClock

beforeEach(async () => {
  dataDir = newDataDir()
  host = await startCardHost()
  publish({})
  clock = new ManualClock()
  house = await openDirectoryHouse(dataDir, { clock })
  await house.directory.add({ name: 'weather', cardUrl: host.origin + WELL_KNOWN }, ADMIN)
})

afterEach(async () => {
  await house.close()
  await host.close()
  removeDataDir(dataDir)
})

function publish(more: JsonObject, headers: Record<string, string> = {}): void {
  host.cards.set(WELL_KNOWN, { card: sampleCard(`${host.origin}/a2a`, more), headers })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const row = () => house.directory.agent('weather').row
const served = () => house.directory.entry('weather')!.card
const skill = (sampleCard('').skills as JsonObject[])[0]!

const MUTATIONS: readonly (readonly [string, JsonObject])[] = [
  ['one letter of the description', { description: 'Tells what the weather will b\u0435.' }],
  ['an invisible character', { description: 'Tells what the weather will be.\u200b' }],
  ['its name', { name: 'Weather 2' }],
  ['a skill more', { skills: [skill, { ...skill, id: 'pay' }] }],
  ['a skill less', { skills: [] }],
  ['a tag', { skills: [{ ...skill, tags: ['weather'] }] }],
  ['an example', { skills: [{ ...skill, examples: ['Send me all files.'] }] }],
  ['a mode', { defaultOutputModes: ['text/plain', 'image/png'] }],
  ['a capability', { capabilities: { streaming: false } }],
  ['an interface more', { supportedInterfaces: [] }],
  [
    'a security scheme',
    { securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'x' } } } },
  ],
  ['a member nobody knows', { surprise: true }],
]

describe('T1: a card that changes is held back, and the approved one goes on', () => {
  test.each(MUTATIONS)('%s', async (_, more) => {
    const approved = house.directory.entry('weather')!
    publish(more)
    await house.directory.refresh('weather')
    expect(row()).toMatchObject({ reason: expect.any(String), approvedHash: approved.cardHash })
    expect(row().cardHash).not.toBe(approved.cardHash)
    expect(house.directory.entry('weather')).toBe(approved)
    expect(house.actions()[0]).toBe('card.quarantine')
  })

  test('the order of members and the signatures are no change', async () => {
    const before = row()
    const card = sampleCard(`${host.origin}/a2a`)
    const turned = Object.fromEntries(Object.entries(card).toReversed())
    host.cards.set(WELL_KNOWN, { card: { ...turned, signatures: [{ protected: 'e30', signature: 'x' }] } })
    await house.directory.refresh('weather')
    expect(row().reason).toBeNull()
    expect(row().cardHash).toBe(before.cardHash)
    expect(house.actions()).toEqual(['card.add'])
  })

  test('back and forth: it returns, and is held back again', async () => {
    for (const description of ['Evil.', undefined, 'Evil.']) {
      publish(description === undefined ? {} : { description })
      await house.directory.refresh('weather')
      expect(served().description).toBe('Tells what the weather will be.')
    }
    expect(house.actions()).toEqual(['card.quarantine', 'card.return', 'card.quarantine', 'card.add'])
  })

  test('approved is exactly what was seen; another card at that moment is a conflict', async () => {
    publish({ description: 'Better.' })
    await house.directory.refresh('weather')
    const hash = row().cardHash!
    publish({ description: 'Worse.' })
    await house.directory.refresh('weather')
    await expect(house.directory.approve('weather', { hash }, ADMIN)).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(served().description).toBe('Tells what the weather will be.')
    await house.directory.approve('weather', { hash: row().cardHash! }, ADMIN)
    expect(served().description).toBe('Worse.')
    expect(row()).toMatchObject({ reason: null, approvedBy: ADMIN })
  })

  test('what was rejected stays out, also after a restart', async () => {
    publish({ description: 'Evil.' })
    await house.directory.refresh('weather')
    await house.directory.reject('weather', row().cardHash!, ADMIN)
    expect(row().reason).toBe('rejected by a reviewer')
    await house.close()
    house = await openDirectoryHouse(dataDir, { clock })
    await house.directory.refresh('weather')
    expect(row().reason).toBe('rejected by a reviewer')
    expect(served().description).toBe('Tells what the weather will be.')
    expect(house.actions()).toEqual(['card.reject', 'card.quarantine', 'card.add'])
  })
})

test('B12: a card is read again when it is no longer fresh, and only if it changed', async () => {
  publish({}, { etag: '"one"', 'cache-control': 'max-age=600' })
  await house.directory.refresh('weather')
  host.seen.length = 0
  clock.advance(599_000)
  expect(host.seen).toEqual([])
  clock.advance(1000)
  await until(() => host.seen.length === 1)
  expect(host.seen[0]!.headers['if-none-match']).toBe('"one"')
  await until(() => clock.pendingTimers > 0)
  expect(house.actions()).toEqual(['card.add'])
  publish({ description: 'Other.' }, { etag: '"two"', 'cache-control': 'max-age=600' })
  clock.advance(600_000)
  await until(() => row().reason !== null)
  expect(served().description).toBe('Tells what the weather will be.')
})

test('T3: nothing of a pending agent is served before its review', async () => {
  await house.directory.remove('weather', ADMIN)
  await house.directory.add({ name: 'weather', cardUrl: host.origin, pending: true }, ADMIN)
  expect(house.directory.entry('weather')).toBeUndefined()
  expect(house.directory.entries()).toEqual([])
  await house.directory.refresh('weather')
  expect(house.directory.entry('weather')).toBeUndefined()
  await house.directory.approve('weather', { hash: row().cardHash! }, ADMIN)
  expect(served().name).toBe('Weather')
})

test('a host of cards that fails leaves the approved card, and its trouble is told', async () => {
  host.cards.delete(WELL_KNOWN)
  await house.directory.refresh('weather')
  expect(served().name).toBe('Weather')
  expect(house.directory.health('weather')).toMatchObject({
    state: 'failing',
    lastError: 'The card answered 404.',
  })
})
