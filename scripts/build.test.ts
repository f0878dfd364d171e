import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModernHttp } from '../packages/server/src/upstream/fixtures/modern-server.ts'

const directory = mkdtempSync(join(tmpdir(), 'parley-build-'))
const built = join(directory, 'dist')
const main = join(built, 'main.js')

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'build.ts'), built])
  expect(status, String(stderr)).toBe(0)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Outside the checkout, so nothing of node_modules is in reach. */
function parley(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { cwd: directory, env: {}, encoding: 'utf8' })
}

test('what is built runs by itself: hub, writer thread and migrations', async () => {
  const hub = spawn(process.execPath, [main, 'serve', '--port', '0', '--json'], { cwd: directory, env: {} })
  try {
    const [line] = await once(hub.stdout, 'data')
    expect(JSON.parse(String(line))).toMatchObject({ event: 'ready' })
    const { status, stdout } = parley('status', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'parley',
      store: { journalMode: 'wal', writable: true },
    })
    const refused = parley('servers', 'add', 'gone', 'http://localhost:1/mcp', '--json')
    expect(JSON.parse(refused.stdout).lastError, refused.stderr).toContain('could not be reached')
  } finally {
    hub.kill('SIGTERM')
    if (hub.exitCode === null) await once(hub, 'exit')
  }
  expect(hub.exitCode).toBe(0)
})

test('what is built reaches servers over HTTP', async () => {
  const server = await startModernHttp()
  const hub = spawn(process.execPath, [main, 'serve', '--port', '0', '--json'], { cwd: directory, env: {} })
  try {
    await once(hub.stdout, 'data')
    // Asynchronous, since the server answers from this process.
    const run = promisify(execFile)
    const parley = (...args: string[]) => run(process.execPath, [main, ...args], { cwd: directory, env: {} })
    await parley('servers', 'add', 'fixture', server.url)
    const { stdout } = await parley('call', 'fixture', 'echo', '--arguments', '{"text":"built"}')
    expect(stdout).toBe('built\n')
  } finally {
    hub.kill('SIGTERM')
    if (hub.exitCode === null) await once(hub, 'exit')
    await server.close()
  }
})

test('the licences of what is bundled are there, and stacks lead to the source', () => {
  const text = readFileSync(join(built, 'LICENSES.md'), 'utf8')
  for (const name of ['undici', 'zod', 'yaml', 'ipaddr.js']) expect(text).toContain(`## ${name} `)
  expect(JSON.parse(readFileSync(`${main}.map`, 'utf8')).sources.join()).toContain('run-command.ts')
})
