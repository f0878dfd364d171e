import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openStore } from './index.ts'
import { MIGRATIONS } from './migrate.ts'
import { insert, names, openTestStore, temporaryDirectory } from './store-fixture.ts'

/** The migrations of a later version. */
function laterMigrations(files: Record<string, string>): string {
  const directory = temporaryDirectory()
  cpSync(MIGRATIONS, directory, { recursive: true })
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(directory, name), sql)
  return directory
}

async function seeded(dataDir: string): Promise<void> {
  const store = await openStore(dataDir)
  await store.submit([insert('kept')])
  await store[Symbol.asyncDispose]()
}

async function openAndClose(dataDir: string, migrations?: string): Promise<void> {
  const store = await openStore(dataDir, migrations === undefined ? {} : { migrations })
  await store[Symbol.asyncDispose]()
}

const copies = (dataDir: string) => readdirSync(dataDir).filter((name) => name.startsWith('before-'))

test('a new database is not copied, and an open without news neither', async () => {
  const dataDir = temporaryDirectory()
  await openAndClose(dataDir)
  await openAndClose(dataDir)
  expect(copies(dataDir)).toEqual([])
})

test('before the first news a copy is made, for the owner alone, that the version before can open', async () => {
  const dataDir = temporaryDirectory()
  await seeded(dataDir)
  const migrations = laterMigrations({
    '9001-more.sql': 'ALTER TABLE settings ADD COLUMN note TEXT; DELETE FROM settings;',
  })
  const store = await openTestStore(dataDir, { migrations })
  expect(names(store)).toEqual([])
  expect(copies(dataDir)).toEqual(['before-9001-more.sql.db'])
  const copy = join(dataDir, 'before-9001-more.sql.db')
  expect(statSync(copy).mode & 0o077).toBe(0)
  const elsewhere = temporaryDirectory()
  copyFileSync(copy, join(elsewhere, 'parley.db'))
  expect(names(await openTestStore(elsewhere))).toEqual(['kept'])
})

test('every migration has its way back, which leaves the schema that was before', () => {
  const database = new DatabaseSync(':memory:')
  database.exec('PRAGMA foreign_keys = ON')
  const files = readdirSync(MIGRATIONS).filter((name) => !name.endsWith('.down.sql'))
  expect(files.length).toBeGreaterThan(0)
  for (const name of files.toSorted()) {
    const up = readFileSync(join(MIGRATIONS, name), 'utf8')
    const down = readFileSync(join(MIGRATIONS, name.replace(/\.sql$/, '.down.sql')), 'utf8')
    const before = schemaOf(database)
    database.exec(up)
    const after = schemaOf(database)
    database.exec(down)
    expect([name, schemaOf(database)]).toEqual([name, before])
    database.exec(up)
    expect(schemaOf(database)).toEqual(after)
  }
  expect(readdirSync(MIGRATIONS)).toHaveLength(2 * files.length)
})

function schemaOf(database: DatabaseSync): unknown[] {
  const sql = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
  return database.prepare(sql).all()
}

test('a migration that fails leaves nothing of itself, keeps those before it, and stops the start', async () => {
  const dataDir = temporaryDirectory()
  await seeded(dataDir)
  const migrations = laterMigrations({
    '9001-good.sql': 'CREATE TABLE good (a TEXT) STRICT;',
    '9002-bad.sql':
      'CREATE TABLE half (a TEXT) STRICT; DELETE FROM settings; INSERT INTO missing VALUES (1);',
  })
  await expect(openStore(dataDir, { migrations })).rejects.toThrow('Migration 9002-bad.sql failed')
  writeFileSync(join(migrations, '9002-bad.sql'), 'CREATE TABLE mended (a TEXT) STRICT;')
  const store = await openTestStore(dataDir, { migrations })
  const tables = store.all('SELECT name FROM sqlite_schema').map((row) => row['name'])
  expect(tables).toEqual(expect.arrayContaining(['good', 'mended']))
  expect(tables).not.toContain('half')
  expect(names(store)).toEqual(['kept'])
})

test('a migration that was changed after it ran stops the start and touches nothing', async () => {
  const dataDir = temporaryDirectory()
  await seeded(dataDir)
  const first = readdirSync(MIGRATIONS).find((name) => !name.endsWith('.down.sql'))!
  const migrations = laterMigrations({ [first]: 'SELECT 1;', '9001-more.sql': 'DELETE FROM settings;' })
  await expect(openStore(dataDir, { migrations })).rejects.toMatchObject({
    code: 'conflict',
    message: `Migration ${first} was changed after it ran on this database.`,
  })
  expect(copies(dataDir)).toEqual([])
  expect(names(await openTestStore(dataDir))).toEqual(['kept'])
})

test('the version before runs on a schema that only grew, and is refused on one that lost something', async () => {
  const dataDir = temporaryDirectory()
  await seeded(dataDir)
  await openAndClose(
    dataDir,
    laterMigrations({ '9001-grow.sql': 'ALTER TABLE settings ADD COLUMN note TEXT;' }),
  )
  const older = await openStore(dataDir)
  expect(names(older)).toEqual(['kept'])
  await older[Symbol.asyncDispose]()
  const later = laterMigrations({
    '9001-grow.sql': 'ALTER TABLE settings ADD COLUMN note TEXT;',
    '9002-shrink.contract.sql': 'ALTER TABLE settings DROP COLUMN value;',
  })
  await openAndClose(dataDir, later)
  await expect(openStore(dataDir)).rejects.toThrow('belongs to a newer Parley (9002-shrink.contract.sql)')
})

test('a start that is killed at any point of a migration is completed by the next', async () => {
  const dataDir = temporaryDirectory()
  await seeded(dataDir)
  const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)'
  const files = Object.fromEntries(
    Array.from({ length: 5 }, (_, at) => [
      `900${at}-fill.sql`,
      `CREATE TABLE fill${at} (a TEXT) STRICT; INSERT INTO fill${at} ${rows} SELECT hex(randomblob(40)) FROM n;`,
    ]),
  )
  const migrations = laterMigrations(files)
  const script = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    console.log('starting')
    const store = await openStore(${JSON.stringify(dataDir)}, { migrations: ${JSON.stringify(migrations)} })
    await store[Symbol.asyncDispose]()`
  for (let round = 0; round < 10; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const timer = setTimeout(() => child.kill('SIGKILL'), 10 + round * 15)
    await once(child, 'exit')
    clearTimeout(timer)
  }
  const store = await openTestStore(dataDir, { migrations })
  expect(names(store)).toEqual(['kept'])
  for (let at = 0; at < 5; at++)
    expect(store.get(`SELECT count(*) AS n FROM fill${at}`)).toEqual({ n: 60_000 })
  expect(store.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
})

test('the migrations give strict tables', async () => {
  const dataDir = temporaryDirectory()
  await openAndClose(dataDir)
  expect(existsSync(join(dataDir, 'parley.db'))).toBe(true)
  const database = new DatabaseSync(join(dataDir, 'parley.db'), { readOnly: true })
  const tables = database.prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").all()
  database.close()
  const loose = tables.filter(
    (table) => !String(table['name']).startsWith('sqlite_') && table['strict'] !== 1,
  )
  expect(loose).toEqual([])
})
