import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PersonId } from '@parley/contract'
import { afterEach, expect, test } from 'vitest'
import { createActivity } from '../activity/index.ts'
import { systemClock } from '../lib/clock.ts'
import { createNewId, systemRandom } from '../lib/random.ts'
import { createSealer } from '../sealing/index.ts'
import { openStore } from '../store/index.ts'
import { createVault, type NewConnection, type RenewConnection, type Vault } from './index.ts'

const SECRET = 'zzSECRETvault'
const SERVER = 'srv_00000000000000000000000001'
const OTHER_SERVER = 'srv_00000000000000000000000002'
const ANN = 'per_00000000000000000000000001' as PersonId
const BOB = 'per_00000000000000000000000002' as PersonId
const BY = { subject: 'admin' }
const newId = createNewId(systemClock, systemRandom)
const stacks: AsyncDisposableStack[] = []

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.disposeAsync()
})

async function open(options: { renew?: RenewConnection } = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-vault-'))
  const stack = new AsyncDisposableStack()
  stacks.push(stack)
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const store = stack.use(await openStore(dataDir))
  const tools = { store, clock: systemClock, newId }
  const activity = stack.use(createActivity({ ...tools, mode: 'queued', onError: () => undefined }))
  await store.submit([
    ...[SERVER, OTHER_SERVER].map((id) => ({
      sql: "INSERT INTO servers (id, name, source, state, target, target_hash, added_at) VALUES (?, ?, 'api', 'approved', '{}', 'h', 1)",
      parameters: [id, id.slice(-2)],
    })),
    ...[ANN, BOB].map((id) => ({
      sql: "INSERT INTO people (id, email, name, roles, state, handle, created_at) VALUES (?, ?, 'x', '[]', 'active', ?, 1)",
      parameters: [id, id, systemRandom.bytes(16)],
    })),
  ])
  const sealer = createSealer(systemRandom.bytes(32), systemRandom)
  const start = () => createVault({ ...tools, ...options, activity, sealer, log: () => undefined })
  return { vault: start(), start, store, dataDir }
}

function header(person: PersonId | null, value: string, more: Partial<NewConnection> = {}): NewConnection {
  return {
    server: SERVER,
    person,
    kind: 'headers',
    issuer: null,
    account: null,
    secret: { headers: { 'x-api-key': value } },
    expiresAt: null,
    renews: false,
    ...more,
  }
}

async function carried(vault: Vault, person: PersonId | undefined, server = SERVER) {
  const use = await vault.use(server, person)
  return use?.kind === 'carry' ? use.headers()['x-api-key'] : use
}

test('a call carries the caller’s own connection, else the shared one, and never another person’s', async () => {
  const { vault } = await open()
  expect(vault.use(SERVER, ANN)).toBeUndefined()
  await vault.save(header(ANN, 'ann'), BY)
  expect(await carried(vault, ANN)).toBe('ann')
  expect(await carried(vault, BOB)).toBeUndefined()
  expect(await carried(vault, undefined)).toBeUndefined()
  await vault.save(header(null, 'all'), BY)
  expect(await carried(vault, ANN)).toBe('ann')
  expect(await carried(vault, BOB)).toBe('all')
  expect(await carried(vault, ANN, OTHER_SERVER)).toBeUndefined()
})

test('where each person needs their own, the shared one reads definitions and serves nobody else', async () => {
  const { vault } = await open()
  await vault.save(header(null, 'all'), BY)
  await vault.setRule(SERVER, 'own', BY)
  expect(await carried(vault, BOB)).toEqual({ kind: 'needed', why: 'none', person: BOB })
  expect(vault.shared(SERVER)?.headers()).toEqual({ 'x-api-key': 'all' })
  await vault.setRule(SERVER, 'shared', BY)
  await vault.save(header(BOB, 'bob'), BY)
  expect(await carried(vault, BOB)).toBe('all')
})

test('what was saved is there after a restart, and no file holds the secret', async () => {
  const { vault, start, dataDir } = await open()
  await vault.save(header(ANN, SECRET), BY)
  await vault.setRule(SERVER, 'own', BY)
  const again = start()
  expect(await carried(again, ANN)).toBe(SECRET)
  expect(again.rule(SERVER)).toBe('own')
  for (const file of readdirSync(dataDir).filter((name) => name.startsWith('parley')))
    expect(readFileSync(join(dataDir, file)).includes(SECRET)).toBe(false)
})

test('S4: a sealed secret opens in no other row, for no other owner, and an older one not again', async () => {
  const { vault, start, store } = await open()
  const ann = await vault.save(header(ANN, 'ann'), BY)
  const bob = await vault.save(header(BOB, 'bob'), BY)
  const old = store.get('SELECT secret FROM connections WHERE id = ?', ann.id)!['secret']!
  const run = (sql: string, ...parameters: (string | Uint8Array)[]) => store.submit([{ sql, parameters }])
  await run(
    'UPDATE connections SET secret = (SELECT secret FROM connections WHERE id = ?) WHERE id = ?',
    bob.id,
    ann.id,
  )
  await expect(carried(start(), ANN)).rejects.toThrow('cannot be opened')
  await run('UPDATE connections SET secret = ? WHERE id = ?', old as Uint8Array, ann.id)
  await vault.save(header(ANN, 'newer'), BY)
  await run('UPDATE connections SET secret = ? WHERE id = ?', old as Uint8Array, ann.id)
  await expect(carried(start(), ANN)).rejects.toThrow('cannot be opened')
  await run('DELETE FROM connections WHERE id = ?', ann.id)
  await run('UPDATE connections SET person_id = ? WHERE id = ?', ANN, bob.id)
  await expect(carried(start(), ANN)).rejects.toThrow('cannot be opened')
})

test('G11: a connection ends with its server, in the database and in memory', async () => {
  const { vault, start, store } = await open()
  await vault.save(header(ANN, 'ann'), BY)
  const use = await vault.use(SERVER, ANN)
  const ended: string[] = []
  vault.onChange((connection, what) => ended.push(`${connection.person} ${what}`))
  await store.submit([{ sql: 'DELETE FROM servers WHERE id = ?', parameters: [SERVER] }])
  vault.serverEnded(SERVER)
  expect(vault.list()).toEqual([])
  expect(start().list()).toEqual([])
  expect(ended).toEqual([`${ANN} ended`])
  expect(() => use?.kind === 'carry' && use.headers()).toThrow('has ended')
  await expect(vault.save(header(ANN, 'late'), BY)).rejects.toThrow('at the same moment')
})

test('what is about to expire is renewed once, however many calls wait, and a refusal asks its owner', async () => {
  let runs = 0
  const { vault } = await open({
    renew: async (connection) => {
      runs++
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (connection.version > 1) return { kind: 'refused', reason: 'invalid_grant' }
      return {
        kind: 'renewed',
        secret: { headers: { 'x-api-key': 'second' } },
        expiresAt: Date.now() + 30_000,
        renews: true,
      }
    },
  })
  const expiresAt = Date.now() + 30_000
  await vault.save(header(ANN, 'first', { kind: 'oauth', expiresAt, renews: true }), BY)
  const all = await Promise.all(Array.from({ length: 50 }, () => carried(vault, ANN)))
  expect(new Set(all)).toEqual(new Set(['second']))
  expect(runs).toBe(1)
  expect(await carried(vault, ANN)).toEqual({ kind: 'needed', why: 'reconnect', person: ANN })
  expect(runs).toBe(2)
})

test('a change and its record are one unit, and the record holds no secret', async () => {
  const { vault, store } = await open()
  const { id } = await vault.save(header(ANN, SECRET), BY)
  await vault.save(header(ANN, `${SECRET}2`), BY)
  await vault.remove(id, BY)
  const records = store.all('SELECT record FROM activity').map((row) => String(row['record']))
  expect(records.map((record) => (JSON.parse(record) as { action: string }).action)).toEqual([
    'connection.add',
    'connection.replace',
    'connection.remove',
  ])
  expect(records.join()).not.toContain(SECRET)
  await expect(vault.remove(id, BY)).rejects.toThrow('no such connection')
})
