import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { runParley } from '../../cli/test/run-parley.ts'
import { DATABASE_FILE } from '../src/store/index.ts'
import { KEY_HEADER, startKeyedServer } from './keyed-server.ts'
import { modernRequest } from './scripted-upstream.ts'
import { sendRaw } from './raw-mcp.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const SECRET = 'zzSECRETrotated'
const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

async function look(hub: TestHub) {
  const call = modernRequest('tools/call', { name: 'one__look', arguments: {} })
  return (await sendRaw(hub, { path: '/mcp', ...call })).body
}

test('R24: the command line rotates the master key of a hub that goes on, and nothing stays under the old one', async () => {
  await using server = await startKeyedServer('modern', [SECRET])
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-rotated-'))
  directories.push(dataDir)
  const keyFile = join(dataDir, 'master.key')
  let old: string
  {
    await using hub = await startTestHub('', { dataDir })
    await signUpAdministrator(hub)
    await hub.api('POST', '/api/servers', { name: 'one', url: server.url })
    await hub.api('POST', '/api/connections', {
      server: 'one',
      headers: [{ name: KEY_HEADER, value: SECRET }],
    })
    await until(async () => (await hub.api('GET', '/api/servers/one')).body.counts.tools === 1)
    old = (await hub.api('GET', '/api/keys')).body.master.current
    expect(headersIn(dataDir).filter((name) => name === old).length).toBeGreaterThanOrEqual(4)
    const rotated = await runParley(dataDir, 'keys', 'rotate-master', '--data-dir', dataDir)
    expect(rotated).toMatchObject({ code: 0, errors: '' })
    expect(rotated.out).toMatch(new RegExp(`old master +${old} +.parley keys forget-master`))
    expect(headersIn(dataDir)).not.toContain(old)
    const forgotten = await runParley(dataDir, 'keys', 'forget-master', '--yes', '--data-dir', dataDir)
    expect(forgotten).toMatchObject({ code: 0, errors: '' })
    expect(await look(hub)).toMatchObject({ result: { content: [{ text: `${SECRET} ` }] } })
    expect(hub.logs.join()).not.toContain(readFileSync(keyFile, 'utf8').trim())
  }
  expect(readFileSync(keyFile, 'utf8').trim().split('\n')).toHaveLength(1)
  expect(existsSync(`${keyFile}.new`)).toBe(false)
  await using again = await startTestHub('', { dataDir })
  const { master } = (await again.api('GET', '/api/keys')).body
  expect(master).toMatchObject({ old: [], rotation: null })
  await until(async () => (await again.api('GET', '/api/servers/one')).body.health === 'ready')
  expect(await look(again)).toMatchObject({ result: { content: [{ text: `${SECRET} ` }] } })
})

/** The names of the keys that any bytes of the database are sealed under, wherever they stand. */
function headersIn(dataDir: string): string[] {
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE), { readOnly: true })
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const values = tables.flatMap(({ name }) =>
    database
      .prepare(`SELECT * FROM ${String(name)}`)
      .all()
      .flatMap((row) => Object.values(row)),
  )
  database.close()
  return values.flatMap((value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : value
    return bytes instanceof Uint8Array && bytes[0] === 2 && bytes.length > 70
      ? [Buffer.from(bytes.subarray(1, 9)).toString('hex')]
      : []
  })
}
