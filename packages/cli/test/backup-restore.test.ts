import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, readEnv, startHub, type Hub } from '@parley/server'
import { afterAll, expect, test } from 'vitest'
import { runParley } from './run-parley.ts'

const directory = mkdtempSync(join(tmpdir(), 'parley-restore-'))
const dataDir = join(directory, '.parley')
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function start(): Promise<Hub> {
  const environment = readEnv({})
  const config = loadConfig({ flags: { port: '0', dataDir }, environment, workingDirectory: directory })
  return startHub(config, environment, () => undefined)
}

const serverNames = async () =>
  JSON.parse((await runParley(directory, 'servers', 'list', '--json')).out).servers.map(
    ({ name }: { name: string }) => name,
  )

test('a backup of a running hub brings back what was there, and keeps what it replaces', async () => {
  let hub = await start()
  await runParley(directory, 'servers', 'add', 'before', 'http://localhost:1/mcp')
  const made = await runParley(directory, 'backup', 'kept.db', '--json')
  expect(JSON.parse(made.out)).toEqual({ file: join(directory, 'kept.db'), bytes: expect.any(Number) })
  expect(statSync(join(directory, 'kept.db')).mode & 0o777).toBe(0o600)
  expect(readdirSync(dataDir).filter((name) => name.startsWith('backup-'))).toEqual([])
  await runParley(directory, 'servers', 'add', 'after', 'http://localhost:1/mcp')
  expect(await serverNames()).toEqual(['after', 'before'])

  const refused = await runParley(directory, 'restore', 'kept.db', '--json')
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.out).error).toMatchObject({
    code: 'conflict',
    hint: expect.stringContaining('Stop'),
  })
  expect(await serverNames()).toEqual(['after', 'before'])
  await hub[Symbol.asyncDispose]()

  const restored = await runParley(directory, 'restore', 'kept.db', '--json')
  expect(restored.code, restored.out).toBe(0)
  const { previous } = JSON.parse(restored.out)
  expect(previous).toMatch(/before-restore-.*\.db$/)
  hub = await start()
  expect(await serverNames()).toEqual(['before'])
  await hub[Symbol.asyncDispose]()

  expect((await runParley(directory, 'restore', previous)).code).toBe(0)
  hub = await start()
  expect(await serverNames()).toEqual(['after', 'before'])
  await hub[Symbol.asyncDispose]()
})

test('a damaged backup is refused, and the database stays as it is', async () => {
  const database = join(dataDir, 'parley.db')
  const before = readFileSync(database)
  const broken = Buffer.from(readFileSync(join(directory, 'kept.db')))
  broken.fill(0xff, 4096, 12_288)
  writeFileSync(join(directory, 'broken.db'), broken)
  writeFileSync(join(directory, 'text.db'), 'no database')
  for (const name of ['broken.db', 'text.db', 'none.db']) {
    const { code, errors } = await runParley(directory, 'restore', name)
    expect(code, name).toBe(1)
    expect(errors).toContain('Nothing was changed')
  }
  expect(readFileSync(database).equals(before)).toBe(true)
})

test('a backup never overwrites, and nothing is made then', async () => {
  const hub = await start()
  const { code, errors } = await runParley(directory, 'backup', 'kept.db')
  expect([code, errors]).toEqual([1, expect.stringContaining('exists already')])
  expect(readdirSync(dataDir).filter((name) => name.startsWith('backup-'))).toEqual([])
  await hub[Symbol.asyncDispose]()
})
