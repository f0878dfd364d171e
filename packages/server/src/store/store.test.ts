import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from './index.ts'
import { describeStore } from './store.contract.ts'
import { insert, names, openTestStore, temporaryDirectory } from './store-fixture.ts'

describeStore('SQLite', () => openTestStore(temporaryDirectory()))

test('the default is durable, and files are for the owner alone', async () => {
  const dataDir = temporaryDirectory()
  const store = await openTestStore(dataDir)
  await store.submit([insert('a')])
  expect(store.status()).toMatchObject({
    journalMode: 'wal',
    synchronous: 'FULL',
    writable: true,
    waitingUnits: 0,
  })
  expect(statSync(dataDir).mode & 0o077).toBe(0)
  for (const file of ['parley.db', 'parley.db-wal', 'parley.db-shm', 'parley.pid']) {
    expect([file, statSync(join(dataDir, file)).mode & 0o077]).toEqual([file, 0])
  }
})

test('closing commits what waits, folds the log in, and refuses what comes after', async () => {
  const dataDir = temporaryDirectory()
  const store = await openStore(dataDir)
  const waiting = Promise.all(Array.from({ length: 100 }, (_, at) => store.submit([insert(`n${at}`)])))
  await store[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  expect(await waiting).toHaveLength(100)
  expect(() => statSync(join(dataDir, 'parley.db-wal'))).toThrow('ENOENT')
  await expect(store.submit([insert('late')])).rejects.toThrow()
  expect(names(await openTestStore(dataDir))).toHaveLength(100)
})

test('a damaged database is not opened', async () => {
  const dataDir = temporaryDirectory()
  const file = join(dataDir, 'parley.db')
  const store = await openStore(dataDir)
  await store.submit(Array.from({ length: 200 }, (_, at) => insert(`n${at}`, 'x'.repeat(1000))))
  await store[Symbol.asyncDispose]()
  const bytes = readFileSync(file)
  bytes.fill(0xa5, bytes.length - 3 * 4096, bytes.length - 2 * 4096)
  writeFileSync(file, bytes)
  await expect(openStore(dataDir)).rejects.toThrow('is damaged. Restore a backup')
  writeFileSync(file, 'not a database at all, but long enough to be read as the head of one'.repeat(100))
  await expect(openStore(dataDir)).rejects.toThrow('is damaged. Restore a backup')
  expect(readFileSync(file, 'utf8')).toContain('not a database at all')
})

test('every acknowledged unit is there after kill -9', async () => {
  const dataDir = temporaryDirectory()
  const log = join(dataDir, 'acknowledged')
  const script = `
    import { appendFileSync } from 'node:fs'
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    const store = await openStore(${JSON.stringify(dataDir)})
    for (let at = 0; ; at++) {
      await Promise.all([0, 1, 2].map(async (part) => {
        const name = at + '-' + part
        const twin = { sql: 'INSERT INTO settings VALUES (?, ?)', parameters: ['twin ' + name, 'x'] }
        await store.submit([{ ...twin, parameters: [name, 'x'] }, twin])
        appendFileSync(${JSON.stringify(log)}, name + '\\n')
      }))
      if (at === 20) console.log('running')
    }`
  for (let round = 0; round < 3; round++) {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', script.replace("at + '-'", `'${round}-' + at + '-'`)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const acknowledged = readFileSync(log, 'utf8').trim().split('\n')
  const stored = new Set(names(await openTestStore(dataDir)))
  expect(acknowledged.length).toBeGreaterThan(180)
  expect(acknowledged.filter((name) => !stored.has(name))).toEqual([])
  const halves = [...stored].filter((name) => !name.startsWith('twin') && !stored.has(`twin ${name}`))
  expect(halves).toEqual([])
})
