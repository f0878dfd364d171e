import { afterEach, beforeEach, expect, test } from 'vitest'
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

beforeEach(async () => {
  dataDir = newDataDir()
  host = await startCardHost()
  host.cards.set(WELL_KNOWN, { card: sampleCard(`${host.origin}/a2a`) })
  house = await openDirectoryHouse(dataDir)
})

afterEach(async () => {
  await house.close()
  await host.close()
  removeDataDir(dataDir)
})

test('an agent is added by the address of its card, is there after a restart, and is gone when removed', async () => {
  const url = host.origin + WELL_KNOWN
  await house.directory.add({ name: 'weather', cardUrl: url }, ADMIN)
  expect(house.directory.entry('weather')).toMatchObject({
    name: 'weather',
    card: { name: 'Weather' },
    skills: [{ id: 'forecast' }],
    isPublic: false,
    workload: undefined,
  })
  expect(host.seen.map(({ headers }) => headers.authorization)).toEqual([undefined])
  await house.close()
  house = await openDirectoryHouse(dataDir)
  expect(house.directory.entries().map(({ name }) => name)).toEqual(['weather'])
  await house.directory.remove('weather', ADMIN)
  expect(house.directory.entry('weather')).toBeUndefined()
  expect(house.actions()).toEqual(['card.remove', 'card.add'])
})

test('an address without a file leads to the well-known places below it, then to those of its host', async () => {
  await house.directory.add({ name: 'weather', cardUrl: `${host.origin}/team/weather` }, ADMIN)
  expect(host.seen.map(({ path }) => path)).toEqual([
    '/team/weather/.well-known/agent-card.json',
    '/team/weather/.well-known/agent.json',
    WELL_KNOWN,
  ])
  expect(house.directory.agent('weather').row.cardUrl).toBe(host.origin + WELL_KNOWN)
})

test.each([
  ['no JSON', '<html>', {}, 'The card'],
  ['a list', [], {}, 'is no JSON object'],
  ['another type', '{}', { 'content-type': 'text/html' }, 'text/html'],
  ['a member twice', '{"name":"a","name":"b"}', {}, 'The card'],
])('a card that is %s is refused, and nothing is added', async (_, card, headers, words) => {
  host.cards.set('/card.json', { card, headers })
  await expect(
    house.directory.add({ name: 'weather', cardUrl: `${host.origin}/card.json` }, ADMIN),
  ).rejects.toThrow(words)
  expect(house.directory.agents()).toEqual([])
  expect(house.actions()).toEqual([])
})

test('a redirect is not followed', async () => {
  host.cards.set('/card.json', { card: '', status: 302, headers: { location: WELL_KNOWN } })
  await expect(
    house.directory.add({ name: 'weather', cardUrl: `${host.origin}/card.json` }, ADMIN),
  ).rejects.toThrow('redirects are not followed')
  expect(host.seen.map(({ path }) => path)).toEqual(['/card.json'])
})

test.each(['ftp://127.0.0.1/card.json', 'card.json', 'http://user:pass@127.0.0.1/card.json', 'http://a/#b'])(
  'the address %s is refused',
  async (cardUrl) => {
    await expect(house.directory.add({ name: 'weather', cardUrl }, ADMIN)).rejects.toMatchObject({
      code: 'invalid_params',
    })
  },
)

test('there are no more agents than the limit', async () => {
  await house.close()
  house = await openDirectoryHouse(dataDir, { limit: 1 })
  const card = sampleCard('https://agent.example/a2a')
  const allowHosts = ['agent.example']
  await house.directory.add({ name: 'weather', card, allowHosts }, ADMIN)
  await expect(
    house.directory.add({ name: 'traffic', card: { ...card, name: 'Traffic' }, allowHosts }, ADMIN),
  ).rejects.toMatchObject({ code: 'conflict' })
  expect(house.directory.entries().map(({ name }) => name)).toEqual(['weather'])
})
