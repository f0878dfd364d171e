import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openStore, type Store } from './index.ts'

const directories: string[] = []
const stores: Store[] = []

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'parley-store-'))
  directories.push(made)
  return made
}

async function open(dataDir: string): Promise<Store> {
  const store = await openStore(dataDir)
  stores.push(store)
  return store
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store[Symbol.asyncDispose]()
  for (const made of directories.splice(0)) rmSync(made, { recursive: true })
})

const insert = (name: string) => ({ sql: 'INSERT INTO settings VALUES (?, ?)', parameters: [name, 'x'] })

test('a unit takes effect whole, and a conflict takes only its own unit back', async () => {
  const store = await open(directory())
  const update = {
    sql: 'UPDATE settings SET value = ? WHERE name = ?',
    parameters: ['y', 'missing'],
    expect: 'changed' as const,
  }
  const [good, conflict, also] = await Promise.all([
    store.submit([insert('a'), insert('b')]),
    store.submit([insert('c'), update]),
    store.submit([{ sql: 'INSERT INTO settings VALUES (?, ?) RETURNING name', parameters: ['d', 'x'] }]),
  ])
  expect(good.kind).toBe('done')
  expect(conflict).toEqual({ kind: 'conflict', statement: 1 })
  expect(also).toEqual({ kind: 'done', rows: [[{ name: 'd' }]] })
  expect(store.all('SELECT name FROM settings ORDER BY name').map((row) => row['name'])).toEqual([
    'a',
    'b',
    'd',
  ])
})

test('a broken unit fails alone', async () => {
  const store = await open(directory())
  const results = await Promise.allSettled([
    store.submit([insert('a')]),
    store.submit([{ sql: 'INSERT INTO nothing VALUES (1)', parameters: [] }]),
    store.submit([insert('b')]),
  ])
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(store.all('SELECT name FROM settings')).toHaveLength(2)
})

test('the default is durable: WAL with synchronous FULL, files for the owner alone', async () => {
  const dataDir = directory()
  const store = await open(dataDir)
  expect(store.status()).toMatchObject({ journalMode: 'wal', synchronous: 'FULL', writable: true })
  expect(statSync(dataDir).mode & 0o077).toBe(0)
  expect(statSync(join(dataDir, 'parley.db')).mode & 0o077).toBe(0)
})

test('a second opener is refused, and a lock left behind is taken over', async () => {
  const dataDir = directory()
  const store = await open(dataDir)
  writeFileSync(join(dataDir, 'parley.lock'), '1')
  await expect(openStore(dataDir)).rejects.toThrow('Another Parley')
  await store[Symbol.asyncDispose]()
  writeFileSync(join(dataDir, 'parley.lock'), '999999999')
  await open(dataDir)
})

test('a migration that was changed after it ran stops the start', async () => {
  const dataDir = directory()
  const store = await open(dataDir)
  await store.submit([{ sql: "UPDATE migrations SET hash = 'other'", parameters: [] }])
  await store[Symbol.asyncDispose]()
  await expect(openStore(dataDir)).rejects.toThrow('was changed after it ran')
})

test('a full disk refuses the write, keeps reads, and is left again without a restart', async () => {
  const store = await open(directory())
  await store.submit([insert('before')])
  await store.submit([{ sql: 'PRAGMA max_page_count = 1', parameters: [] }])
  const big = { sql: 'INSERT INTO settings VALUES (?, ?)', parameters: ['big', 'x'.repeat(1_000_000)] }
  await expect(store.submit([big])).rejects.toMatchObject({ code: 'storage_full' })
  expect(store.status().writable).toBe(false)
  expect(store.all('SELECT name FROM settings')).toHaveLength(1)
  await store.submit([{ sql: 'PRAGMA max_page_count = 1000000', parameters: [] }])
  await store.submit([big])
  expect(store.status().writable).toBe(true)
})

test('an online backup holds every write that was acknowledged before it', async () => {
  const dataDir = directory()
  const store = await open(dataDir)
  for (let at = 0; at < 50; at++) await store.submit([insert(`n${at}`)])
  const running = Promise.all(Array.from({ length: 50 }, (_, at) => store.submit([insert(`m${at}`)])))
  const copy = directory()
  expect(await store.backup(join(copy, 'parley.db'))).toBeGreaterThan(0)
  await running
  const restored = await open(copy)
  expect(restored.all("SELECT name FROM settings WHERE name LIKE 'n%'")).toHaveLength(50)
})

test('every acknowledged unit is there after kill -9', async () => {
  const dataDir = directory()
  const log = join(dataDir, 'acknowledged')
  const script = `
    import { appendFileSync } from 'node:fs'
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    const store = await openStore(${JSON.stringify(dataDir)})
    for (let at = 0; ; at++) {
      await Promise.all([0, 1, 2].map(async (part) => {
        const name = at + '-' + part
        await store.submit([{ sql: 'INSERT INTO settings VALUES (?, ?)', parameters: [name, 'x'] }])
        appendFileSync(${JSON.stringify(log)}, name + '\\n')
      }))
      if (at === 20) console.log('running')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  const acknowledged = readFileSync(log, 'utf8').trim().split('\n')
  const store = await open(dataDir)
  const stored = new Set(store.all('SELECT name FROM settings').map((row) => row['name']))
  expect(acknowledged.length).toBeGreaterThan(60)
  expect(acknowledged.filter((name) => !stored.has(name))).toEqual([])
})
