import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { ManualClock } from '../lib/manual-clock.ts'
import { openStore, restoreBackup } from './index.ts'
import { insert, names, openTestStore, temporaryDirectory } from './store-fixture.ts'

const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5))

/** A closed store in `dataDir` that holds `values`. */
async function seed(dataDir: string, values: readonly string[]): Promise<void> {
  const store = await openStore(dataDir)
  await store.submit(values.map((value) => insert(value)))
  await store[Symbol.asyncDispose]()
}

async function backupOf(values: readonly string[]): Promise<string> {
  const store = await openStore(temporaryDirectory())
  await store.submit(values.map((value) => insert(value)))
  const file = join(temporaryDirectory(), 'backup.db')
  await store.backup(file)
  await store[Symbol.asyncDispose]()
  return file
}

test('a backup ends while writes go on, is sound, and holds every write acknowledged before it', async () => {
  const store = await openTestStore(temporaryDirectory())
  const filler = Array.from({ length: 4000 }, (_, at) => insert(`fill${at}`, 'x'.repeat(4000)))
  await store.submit(filler)
  let written = 0
  let writing = true
  const load = (async () => {
    while (writing) await store.submit([insert(`live${written++}`)])
  })()
  while (written < 20) await new Promise((resolve) => setImmediate(resolve))
  const acknowledged = names(store)
  const file = join(temporaryDirectory(), 'backup.db')
  const before = written
  const bytes = await store.backup(file)
  const during = written - before
  writing = false
  await load
  expect(during).toBeGreaterThan(0)
  expect(bytes).toBe(statSync(file).size)
  expect(bytes).toBeGreaterThan(16_000_000)
  const copy = new DatabaseSync(file)
  expect(copy.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  const held = new Set(
    copy
      .prepare('SELECT name FROM settings')
      .all()
      .map((row) => row['name']),
  )
  copy.close()
  expect(acknowledged.filter((name) => !held.has(name))).toEqual([])
})

test('a backup is for the owner alone, overwrites nothing and leaves nothing half', async () => {
  const store = await openTestStore(temporaryDirectory())
  const directory = temporaryDirectory()
  const file = join(directory, 'backup.db')
  await store.backup(file)
  expect(statSync(file).mode & 0o077).toBe(0)
  const bytes = readFileSync(file)
  await expect(store.backup(file)).rejects.toMatchObject({ code: 'conflict' })
  expect(readFileSync(file).equals(bytes)).toBe(true)
  await expect(store.backup(join(directory, 'missing', 'backup.db'))).rejects.toThrow()
  expect(readdirSync(directory)).toEqual(['backup.db'])
})

test('a backup is restored, and what was there before can be restored in turn', async () => {
  const file = await backupOf(['from backup'])
  const dataDir = temporaryDirectory()
  await seed(dataDir, ['old'])
  const restored = restoreBackup(file, dataDir, clock)
  expect(restored.previous).toBe(join(dataDir, 'before-restore-2026-01-02T03-04-05-000Z.db'))
  expect(restored.bytes).toBe(statSync(join(dataDir, 'parley.db')).size)
  expect(statSync(restored.previous!).mode & 0o077).toBe(0)
  const store = await openStore(dataDir)
  expect(names(store)).toEqual(['from backup'])
  await store[Symbol.asyncDispose]()
  clock.advance(1000)
  restoreBackup(restored.previous!, dataDir, clock)
  expect(names(await openTestStore(dataDir))).toEqual(['old'])
  expect(readdirSync(dataDir).filter((name) => name.startsWith('restoring'))).toEqual([])
})

test('a backup is restored into an empty directory', async () => {
  const file = await backupOf(['a'])
  const dataDir = join(temporaryDirectory(), 'new')
  expect(restoreBackup(file, dataDir, clock).previous).toBeUndefined()
  expect(names(await openTestStore(dataDir))).toEqual(['a'])
  expect(statSync(join(dataDir, 'parley.db')).mode & 0o077).toBe(0)
})

test('writes that only the log of a killed hub holds are in the copy that is kept', async () => {
  const running = temporaryDirectory()
  const store = await openTestStore(running)
  await store.submit([insert('in the log')])
  const dataDir = temporaryDirectory()
  for (const name of ['parley.db', 'parley.db-wal']) {
    writeFileSync(join(dataDir, name), readFileSync(join(running, name)))
  }
  const { previous } = restoreBackup(await backupOf(['new']), dataDir, clock)
  const kept = new DatabaseSync(previous!, { readOnly: true })
  expect(kept.prepare('SELECT name FROM settings').all()).toEqual([{ name: 'in the log' }])
  kept.close()
  expect(names(await openTestStore(dataDir))).toEqual(['new'])
})

test('a damaged database gives way to a backup and is kept as it is', async () => {
  const dataDir = temporaryDirectory()
  const rubbish = 'this is no database, however often it says so. '.repeat(200)
  writeFileSync(join(dataDir, 'parley.db'), rubbish)
  const { previous } = restoreBackup(await backupOf(['new']), dataDir, clock)
  expect(readFileSync(previous!, 'utf8')).toBe(rubbish)
  expect(names(await openTestStore(dataDir))).toEqual(['new'])
})

test.each(['missing', 'rubbish', 'cut', 'flipped', 'foreign', 'newer'])(
  'a %s backup changes nothing',
  async (kind) => {
    const file = await backupOf(Array.from({ length: 300 }, (_, at) => `n${at}`.padEnd(500, 'x')))
    const bytes = readFileSync(file)
    let bad: string | undefined = join(temporaryDirectory(), 'bad.db')
    if (kind === 'rubbish') writeFileSync(bad, 'rubbish'.repeat(1000))
    if (kind === 'cut') writeFileSync(bad, bytes.subarray(0, bytes.length / 2))
    if (kind === 'flipped')
      writeFileSync(bad, bytes.fill(0xa5, bytes.length - 4096 * 3, bytes.length - 4096 * 2))
    if (kind === 'foreign') new DatabaseSync(bad).exec('CREATE TABLE a (b)')
    if (kind === 'newer') {
      const newer = new DatabaseSync(file)
      newer.exec("INSERT INTO migrations VALUES ('9999-later.contract.sql', 'hash')")
      newer.close()
      bad = file
    }
    const dataDir = temporaryDirectory()
    await seed(dataDir, ['old'])
    const before = readdirSync(dataDir)
    expect(() => restoreBackup(bad, dataDir, clock)).toThrow(
      expect.objectContaining({ code: kind === 'newer' ? 'conflict' : 'invalid_request' }),
    )
    expect(readdirSync(dataDir)).toEqual(before)
    expect(names(await openTestStore(dataDir))).toEqual(['old'])
  },
)

test('restoring under a running hub is refused and changes nothing', async () => {
  const file = await backupOf(['new'])
  const dataDir = temporaryDirectory()
  const store = await openTestStore(dataDir)
  await store.submit([insert('old')])
  expect(() => restoreBackup(file, dataDir, clock)).toThrow('Another Parley')
  expect(existsSync(join(dataDir, 'restoring.db'))).toBe(false)
  expect(names(store)).toEqual(['old'])
})
