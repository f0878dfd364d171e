import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findLookalike } from './find-lookalike.ts'
import { newDataDir, openDirectoryHouse, removeDataDir, sampleCard, type DirectoryHouse } from './test-kit.ts'

const ADMIN = 'key_admin'
const HOST = { allowHosts: ['agent.example'] }

let dataDir: string
let house: DirectoryHouse

beforeEach(async () => {
  dataDir = newDataDir()
  house = await openDirectoryHouse(dataDir, {
    otherNames: () => [
      { kind: 'server', name: 'github' },
      { kind: 'workload', name: 'night-worker' },
      { kind: 'workload', name: 'retired-one' },
    ],
    identityOf: (name) =>
      name === 'night-worker'
        ? { id: 'agt_1', state: 'active' }
        : name === 'retired-one'
          ? { id: 'agt_2', state: 'retired' }
          : undefined,
  })
  await add('finance-corp', 'FinanceCorp Agent')
})

afterEach(async () => {
  await house.close()
  removeDataDir(dataDir)
})

function add(name: string, title: string) {
  return house.directory.add(
    { name, card: sampleCard('https://agent.example/a2a', { name: title }), ...HOST },
    ADMIN,
  )
}

describe('H7: no agent passes for another', () => {
  test.each([
    'finance-corp',
    'financecorp',
    'finance-c0rp',
    'github',
    'git-hub',
    'nightworker',
    'retired-one',
    'parley',
    'par1ey',
  ])('the name %s is refused', async (name) => {
    await expect(add(name, 'Something else')).rejects.toMatchObject({ code: 'conflict' })
    expect(house.directory.agents().map((agent) => agent.name)).toEqual(['finance-corp'])
  })

  test('two of a name at one moment: one is added', async () => {
    const both = await Promise.allSettled([add('traffic', 'Traffic'), add('traffic', 'Other')])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  test.each([
    ['FinanceCorp_Agent', 'the agent "finance-corp"'],
    ['Finance-Corp', 'the agent "finance-corp"'],
    ['FinanceС\u043erp \u0410gent', 'the agent "finance-corp"'],
    ['GitHub', 'the server "github"'],
    ['Parley', 'the hub itself'],
    ['Night Worker', 'the workload "night-worker"'],
  ])('a card that calls itself %j is held back until somebody has looked', async (title, what) => {
    const agent = await add('other', title)
    expect(agent.row).toMatchObject({ state: 'pending', reason: `it calls itself like ${what}` })
    expect(house.directory.entry('other')).toBeUndefined()
    expect(house.notes('card.add')[0]).toContain(what)
  })

  test.each(['Finance\u200bCorp Agent', '\u2066\u200b', 'FinanceCorp\u0000'])(
    'a card that calls itself %j is refused: nobody could see it',
    async (title) => {
      await expect(add('other', title)).rejects.toMatchObject({ code: 'invalid_params' })
      expect(house.directory.agents().map((agent) => agent.name)).toEqual(['finance-corp'])
    },
  )

  test('an agent with an identity here has the name of its workload', async () => {
    await add('night-worker', 'Night worker')
    expect(house.directory.entry('night-worker')).toMatchObject({ workload: 'agt_1' })
  })
})

test('names that only resemble each other are not taken for each other', () => {
  const known = [{ what: 'x', names: ['Weather', 'weather'] }]
  expect(findLookalike('Weather forecast', known)).toBeUndefined()
  expect(findLookalike('Whether', known)).toBeUndefined()
  expect(findLookalike('WEATHER', known)).toBe('x')
  expect(findLookalike('\u200b', known)).toContain('no name that can be read')
})
