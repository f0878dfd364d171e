import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeclaredAgent } from './read-declared.ts'
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

let dataDir: string
let host: CardHost
let house: DirectoryHouse | undefined

beforeEach(async () => {
  dataDir = newDataDir()
  host = await startCardHost()
  host.cards.set(WELL_KNOWN, { card: sampleCard(`${host.origin}/a2a`) })
})

afterEach(async () => {
  await house?.close()
  await host.close()
  removeDataDir(dataDir)
})

/** Starts over with what the file says now. */
async function start(...declared: readonly Partial<DeclaredAgent>[]) {
  await house?.close()
  house = await openDirectoryHouse(dataDir, {
    declared: declared.map((one) => ({
      name: 'weather',
      cardUrl: null,
      card: undefined,
      allowHosts: [],
      binding: undefined,
      version: undefined,
      isPublic: false,
      jwks: undefined,
      ...one,
    })),
  })
  return house.directory
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const AT_HOST = () => ({ cardUrl: `${host.origin}/` })

describe('agents of parley.yaml', () => {
  test('the first card is found, approved, and stays so over a restart; what is taken out goes', async () => {
    const directory = await start(AT_HOST())
    await until(() => directory.entry('weather') !== undefined)
    expect(host.seen.map(({ path }) => path)).toEqual([WELL_KNOWN])
    expect(house!.actions()).toEqual(['card.approve', 'card.add'])
    const again = await start(AT_HOST())
    expect(again.entry('weather')).toBeDefined()
    expect((await start()).agents()).toEqual([])
    expect(house!.notes('card.remove')).toEqual(['weather is no longer declared'])
  })

  test('a host of cards that comes later is found then', async () => {
    const { card } = host.cards.get(WELL_KNOWN)!
    host.cards.clear()
    const directory = await start(AT_HOST())
    await until(() => directory.health('weather').state === 'failing')
    expect(directory.entry('weather')).toBeUndefined()
    host.cards.set(WELL_KNOWN, { card })
    await directory.refresh('weather')
    expect(directory.entry('weather')).toBeDefined()
  })

  test('T2: with another address it waits for a review', async () => {
    const first = await start(AT_HOST())
    await until(() => first.entry('weather') !== undefined)
    const directory = await start({ cardUrl: host.origin + WELL_KNOWN })
    await directory.refresh('weather')
    expect(directory.agent('weather').row).toMatchObject({ state: 'pending', approvedHash: null })
    expect(directory.entry('weather')).toBeUndefined()
    expect(house!.notes('card.remove')[0]).toContain('declared with another card')
  })

  test('T1: a card in a file that changes waits for a review, and the approved one goes on', async () => {
    const card = sampleCard(`${host.origin}/a2a`)
    const allowHosts = [new URL(host.origin).host]
    expect((await start({ card, allowHosts })).entry('weather')).toBeDefined()
    const directory = await start({ card: { ...card, description: 'Other.' }, allowHosts })
    expect(directory.agent('weather').row.reason).toBe('changed since approval')
    expect(directory.entry('weather')!.card.description).not.toBe('Other.')
    expect(host.seen).toEqual([])
  })

  test('hosts, choice and keys are what the file says at each start, and nothing else changes them', async () => {
    const card = sampleCard('https://agent.example/a2a')
    expect((await start({ card })).entry('weather')).toBeUndefined()
    expect(house!.directory.agent('weather').row.reason).toContain('--allow-host agent.example:443')
    const directory = await start({ card, allowHosts: ['agent.example'], isPublic: true })
    expect(directory.entry('weather')).toMatchObject({ isPublic: true })
    for (const refused of [
      directory.setTerms('weather', { isPublic: false }, 'key_admin'),
      directory.removeKey('weather', 'x', 'key_admin'),
      directory.remove('weather', 'key_admin'),
      directory.register('weather', card, 'agt_1'),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'conflict' })
    expect(directory.entry('weather')).toMatchObject({ isPublic: true })
  })

  test('a key set that is none stops the start, with the place in the file', async () => {
    await expect(start({ ...AT_HOST(), jwks: { keys: [] } })).rejects.toThrow('agents.weather')
    house = undefined
  })
})
