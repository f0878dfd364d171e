import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
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

/** What a start imports, and what that imports, as far as it is not put off. */
function startFiles(): string[] {
  const found = new Set([main, join(built, 'hub.js')])
  for (const file of found) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) .*?["']\.\/([\w.-]+)["'];$/gm,
    ))
      found.add(join(built, name!))
  }
  return [...found].filter((file) => existsSync(`${file}.map`))
}

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
    writeFileSync(join(directory, 'shop.yaml'), 'openapi: 3.1.0\npaths: { /a: { get: {} } }')
    const shop = parley('servers', 'add', 'shop', 'http://localhost:1', '--openapi', 'shop.yaml', '--json')
    expect(JSON.parse(shop.stdout).counts, shop.stderr).toMatchObject({ tools: 1 })
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

test('a start loads neither the authorization server nor passkeys, nor Node’s own fetch', async () => {
  const sources = startFiles().flatMap((file) => JSON.parse(readFileSync(`${file}.map`, 'utf8')).sources)
  expect(sources.join()).toContain('create-identity.ts')
  for (const late of ['/oidc-provider/', '/@simplewebauthn/', '/client-h2.js', '/@grpc/grpc-js/'])
    expect(sources.filter((source) => source.includes(late))).toEqual([])

  const preload = join(directory, 'preload.cjs')
  writeFileSync(preload, "process.on('exit', () => console.error(process.moduleLoadList.join()))")
  const serve = ['--require', preload, main, 'serve', '--port', '0', '--data-dir', 'loads', '--json']
  const hub = spawn(process.execPath, serve, { cwd: directory, env: {} })
  const said = text(hub.stderr)
  await once(hub.stdout, 'data')
  hub.kill('SIGTERM')
  const loaded = await said
  expect(loaded).toContain('NativeModule http,')
  expect(loaded).not.toContain('undici')
  expect(loaded).not.toContain('NativeModule http2')
})

test('the first requests to the authorization server are answered, although they come before it is loaded', async () => {
  const serve = [main, 'serve', '--port', '0', '--data-dir', 'first', '--json']
  const hub = spawn(process.execPath, serve, { cwd: directory, env: {} })
  try {
    const [line] = await once(hub.stdout, 'data')
    const { url } = JSON.parse(String(line))
    const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: 'nobody' })
    const [metadata, token, keys] = await Promise.all([
      fetch(`${url}/.well-known/oauth-authorization-server`),
      fetch(`${url}/oauth/token`, { method: 'POST', body: form }),
      fetch(`${url}/oauth/jwks`),
    ])
    expect(await metadata.json()).toMatchObject({ issuer: url })
    expect(token.status).toBe(401)
    expect(await token.json()).toMatchObject({ error: 'invalid_client' })
    expect(await keys.json()).toMatchObject({ keys: [{ alg: 'ES256' }, {}] })
  } finally {
    hub.kill('SIGTERM')
    if (hub.exitCode === null) await once(hub, 'exit')
  }
})

test('the licences of what is bundled are there, and stacks lead to the source', () => {
  const licences = readFileSync(join(built, 'LICENSES.md'), 'utf8')
  for (const name of ['undici', 'zod', 'yaml', 'ipaddr.js']) expect(licences).toContain(`## ${name} `)
  expect(JSON.parse(readFileSync(`${main}.map`, 'utf8')).sources.join()).toContain('run-command.ts')
})
