import { expect, test } from 'vitest'
import { ManualClock } from '../lib/manual-clock.ts'
import { openTestStore, temporaryDirectory } from '../store/store-fixture.ts'
import { createRevocations, type Revocation, type TokenSubjects } from './index.ts'

const NOW = 1_700_000_000

async function open(options: { dataDir?: string; nowSeconds?: number } = {}) {
  const store = await openTestStore(options.dataDir ?? temporaryDirectory())
  const clock = new ManualClock((options.nowSeconds ?? NOW) * 1000)
  const revocations = createRevocations({ store, clock })
  async function revoke(...cuts: Revocation[]): Promise<void> {
    await store.submit(cuts.map((cut) => revocations.statement(cut)))
    revocations.announce(cuts)
  }
  return { store, clock, revocations, revoke }
}

const token: TokenSubjects = {
  issuedAt: NOW,
  grant: 'gra_1',
  person: 'per_1',
  app: 'app_1',
  agents: ['agt_1', 'agt_2'],
  session: 'ses_1',
  token: 'jti-1',
}

test.each([
  ['grant', 'gra_1'],
  ['person', 'per_1'],
  ['app', 'app_1'],
  ['agent', 'agt_1'],
  ['agent', 'agt_2'],
  ['session', 'ses_1'],
  ['token', 'jti-1'],
] as const)('G7: a token is dead once its %s %s is cut off, and others live on', async (kind, id) => {
  const { revocations, revoke } = await open()
  expect(revocations.isRevoked(token)).toBe(false)
  await revoke({ kind, id, at: NOW })
  expect(revocations.isRevoked(token)).toBe(true)
  const other = { issuedAt: NOW, grant: id, person: id, app: id, agents: [id], session: id, token: id }
  const names = { grant: 'grant', person: 'person', app: 'app', session: 'session', token: 'token' } as const
  const elsewhere = kind === 'agent' ? { ...other, agents: [] } : { ...other, [names[kind]]: 'x' }
  expect(revocations.isRevoked(elsewhere)).toBe(false)
})

test('G7: tokens that were issued afterwards live', async () => {
  const { revocations, revoke } = await open()
  await revoke({ kind: 'person', id: 'per_1', at: NOW })
  expect(revocations.isRevoked({ ...token, issuedAt: NOW + 1 })).toBe(false)
  expect(revocations.isRevoked({ ...token, issuedAt: NOW - 1 })).toBe(true)
  await revoke({ kind: 'person', id: 'per_1', at: NOW - 100 })
  expect(revocations.isRevoked(token)).toBe(true)
})

test('takes effect when it is announced, and everyone hears once, also after another has failed', async () => {
  const { store, revocations, revoke } = await open()
  const heard: string[] = []
  const cut = { kind: 'grant', id: 'gra_1', at: NOW } as const
  const stop = revocations.onRevoked(() => {
    throw new Error('cannot act')
  })
  revocations.onRevoked(({ id }) => heard.push(id))
  await store.submit([revocations.statement(cut)])
  expect(revocations.isRevoked(token)).toBe(false)
  expect(revocations.generation).toBe(0)
  expect(() => revocations.announce([cut])).toThrow('Not everyone')
  expect(revocations.isRevoked(token)).toBe(true)
  stop()
  revocations.announce([cut])
  expect(heard).toEqual(['gra_1'])
  expect(revocations.generation).toBe(1)
  await revoke({ kind: 'grant', id: 'gra_2', at: NOW }, { kind: 'grant', id: 'gra_3', at: NOW })
  expect(heard).toEqual(['gra_1', 'gra_2', 'gra_3'])
  expect(revocations.generation).toBe(2)
})

test('a unit that did not take effect cuts off nothing', async () => {
  const { store, revocations } = await open()
  const cut = { kind: 'grant', id: 'gra_1', at: NOW } as const
  const impossible = { sql: 'DELETE FROM settings WHERE 0', parameters: [], expect: 'changed' } as const
  expect(await store.submit([revocations.statement(cut), impossible])).toMatchObject({ kind: 'conflict' })
  revocations.announce([cut])
  expect(revocations.isRevoked(token)).toBe(false)
  expect(revocations.since(0)).toEqual([])
})

test('R5: what was cut off still is after a restart, until no token can be left', async () => {
  const dataDir = temporaryDirectory()
  const first = await open({ dataDir })
  await first.revoke({ kind: 'grant', id: 'gra_1', at: NOW }, { kind: 'app', id: 'app_9', at: NOW - 3700 })
  const { seq } = first.revocations
  await first.store[Symbol.asyncDispose]()

  const second = await open({ dataDir, nowSeconds: NOW + 10 })
  expect(second.revocations.isRevoked(token)).toBe(true)
  expect(second.revocations.seq).toBe(seq)
  expect(second.revocations.since(0)).toHaveLength(1)
  second.clock.advance(4_300_000)
  while (second.store.get('SELECT 1 FROM revocations'))
    await new Promise((resolve) => setTimeout(resolve, 10))
  expect(second.revocations.isRevoked(token)).toBe(false)
  expect(second.revocations.since(0)).toEqual([])
  await second.store[Symbol.asyncDispose]()

  // Numbers are not given again after the rows are gone.
  const third = await open({ dataDir, nowSeconds: NOW + 5000 })
  expect(third.revocations.seq).toBe(seq)
  await third.revoke({ kind: 'grant', id: 'gra_2', at: NOW + 5000 })
  expect(third.revocations.seq).toBe(seq + 1)
})

test('leaves no timer behind', async () => {
  const { clock, revocations } = await open()
  revocations[Symbol.dispose]()
  expect(clock.pendingTimers).toBe(0)
})
