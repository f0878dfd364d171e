import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from './index.ts'
import { insert, names, openTestStore, temporaryDirectory } from './store-fixture.ts'

test('a unit takes effect whole, and a conflict takes only its own unit back', async () => {
  const store = await openTestStore(temporaryDirectory())
  const update = {
    sql: 'UPDATE settings SET value = 1 WHERE name = ?',
    parameters: ['missing'],
    expect: 'changed' as const,
  }
  const [good, conflict, also] = await Promise.all([
    store.submit([insert('a'), insert('b')]),
    store.submit([insert('c'), update]),
    store.submit([{ sql: 'INSERT INTO settings VALUES (?, ?) RETURNING name', parameters: ['d', 'x'] }]),
  ])
  expect(good).toEqual({ kind: 'done', rows: [[], []] })
  expect(conflict).toEqual({ kind: 'conflict', statement: 1 })
  expect(also).toEqual({ kind: 'done', rows: [[{ name: 'd' }]] })
  expect(names(store)).toEqual(['a', 'b', 'd'])
})

test('texts become rows in their order, however many, within their unit', async () => {
  const store = await openTestStore(temporaryDirectory())
  const stored = () => store.all('SELECT record FROM activity ORDER BY seq').map((row) => row['record'])
  let expected: string[] = []
  for (const count of [0, 1, 31, 32, 33, 200]) {
    const texts = Array.from({ length: count }, (_, at) => `${count}.${at} é 𝄞 \u0000 "`)
    const [done, conflict] = await Promise.all([
      store.submit([{ into: 'activity', column: 'record', texts }, insert(`n${count}`)]),
      store.submit([
        { into: 'activity', column: 'record', texts },
        { sql: 'DELETE FROM settings WHERE name = ?', parameters: ['missing'], expect: 'changed' },
      ]),
    ])
    expect(done).toEqual({ kind: 'done', rows: [[], []] })
    expect(conflict).toEqual({ kind: 'conflict', statement: 1 })
    expected = [...expected, ...texts]
  }
  expect(stored()).toEqual(expected)
  const seqs = store.all('SELECT seq FROM activity ORDER BY seq').map((row) => row['seq'])
  expect(seqs).toEqual(expected.map((_, at) => at + 1))
})

test('a statement that returns no row is a conflict where a change is expected', async () => {
  const store = await openTestStore(temporaryDirectory())
  const claim = {
    sql: 'UPDATE settings SET value = 1 WHERE name = ? RETURNING name',
    parameters: ['a'],
    expect: 'changed' as const,
  }
  expect(await store.submit([insert('b'), claim])).toEqual({ kind: 'conflict', statement: 1 })
  await store.submit([insert('a')])
  expect(await store.submit([claim])).toEqual({ kind: 'done', rows: [[{ name: 'a' }]] })
})

test('a broken statement fails its unit alone', async () => {
  const store = await openTestStore(temporaryDirectory())
  const results = await Promise.allSettled([
    store.submit([insert('a')]),
    store.submit([insert('b'), { sql: 'INSERT INTO nothing VALUES (1)', parameters: [] }]),
    store.submit([insert('c'), insert('a')]),
    store.submit([insert('d')]),
  ])
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  expect(names(store)).toEqual(['a', 'd'])
  expect(store.status().writable).toBe(true)
})

test('a reference to nothing is refused', async () => {
  const store = await openTestStore(temporaryDirectory())
  const orphan = {
    sql: 'INSERT INTO definition_versions VALUES (?, ?, ?, ?, ?, ?)',
    parameters: ['srv', 'tool', 'a', 'h', '{}', 1],
  }
  await expect(store.submit([orphan])).rejects.toMatchObject({ code: 'internal' })
})

test('units take effect in the order in which they were submitted', async () => {
  const store = await openTestStore(temporaryDirectory())
  const all = Array.from({ length: 2000 }, (_, at) => `n${at}`)
  await Promise.all(all.map((name) => store.submit([insert(name)])))
  expect(names(store)).toEqual(all)
})

test('more units than may wait are refused, and those that wait are stored', async () => {
  const store = await openTestStore(temporaryDirectory())
  const results = await Promise.allSettled(
    Array.from({ length: 10_005 }, (_, at) => store.submit([insert(`n${at}`)])),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused.map((result) => (result.reason as { code: string }).code)).toEqual(
    Array(5).fill('unavailable'),
  )
  expect(names(store)).toHaveLength(10_000)
  expect(store.status().waitingUnits).toBe(0)
})

test('the main thread cannot write', async () => {
  const store = await openTestStore(temporaryDirectory())
  expect(() => store.all("INSERT INTO settings VALUES ('a', 'x')")).toThrow('readonly')
  expect(names(store)).toEqual([])
})

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
