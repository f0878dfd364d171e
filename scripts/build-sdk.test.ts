import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const directory = mkdtempSync(join(tmpdir(), 'parley-sdk-'))
const app = join(directory, 'app')

function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

function must(command: string, args: readonly string[], cwd: string): string {
  const { status, said } = run(command, args, cwd)
  expect(status, said).toBe(0)
  return said
}

/** As somebody elsewhere would: two tarballs into a project of their own, with plain Node. */
beforeAll(() => {
  must(process.execPath, [join(ROOT, 'scripts/build-sdk.ts'), directory], ROOT)
  for (const name of ['contract', 'sdk'])
    must('npm', ['pack', '--pack-destination', directory], join(directory, name))
  const tarballs = readdirSync(directory).filter((name) => name.endsWith('.tgz'))
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "version": "1.0.0", "type": "module" }')
  // What they depend on is taken from this checkout, so that no registry is asked.
  const dependencies = ['jose', 'zod'].map((name) => join(ROOT, 'node_modules', name))
  const quiet = ['--offline', '--install-links', '--no-audit', '--no-fund', '--ignore-scripts']
  must('npm', ['install', ...quiet, ...dependencies, ...tarballs.map((name) => join(directory, name))], app)
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('the packed guard runs with plain Node, and needs jose and the contract alone', () => {
  writeFileSync(
    join(app, 'main.js'),
    `import { createServer } from 'node:http'
     import { createGuard } from '@parley/sdk'
     import { protect } from '@parley/sdk/node'
     import { capabilityName } from '@parley/contract'
     const keys = () => { throw new Error('asked') }
     const guard = createGuard({
       issuer: 'https://hub.example',
       resource: 'https://notes.example/mcp',
       local: { keys: { find: keys } },
     })
     const server = createServer(protect(guard, (_, response) => response.end('in')))
     server.listen(0, '127.0.0.1', async () => {
       const url = 'http://127.0.0.1:' + server.address().port
       const refused = await fetch(url + '/mcp')
       const metadata = await fetch(url + '/.well-known/oauth-protected-resource/mcp')
       const name = capabilityName({ kind: 'tool', owner: 'notes', name: 'add' })
       console.log(refused.status, (await metadata.json()).resource, name)
       server.close()
       server.closeAllConnections()
     })`,
  )
  expect(must(process.execPath, ['main.js'], app)).toBe('401 https://notes.example/mcp tool:notes/add\n')
  for (const part of ['agent', 'express', 'fastify', 'hono'])
    must(process.execPath, ['-e', `await import('@parley/sdk/${part}')`], app)
  const installed = readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.'))
  expect(installed.toSorted()).toEqual(['@parley', 'jose', 'zod'])
  const { dependencies } = JSON.parse(
    readFileSync(join(app, 'node_modules/@parley/sdk/package.json'), 'utf8'),
  )
  expect(Object.keys(dependencies)).toEqual(['@parley/contract', 'jose'])
})

test('the packed types are found and hold', () => {
  writeFileSync(
    join(app, 'main.ts'),
    `import { createGuard, type Guard } from '@parley/sdk'
     import { protect } from '@parley/sdk/hono'
     export const guard: Guard = createGuard({ issuer: 'https://hub.example', resource: 'https://notes.example' })
     export const middleware = protect(guard)
     // @ts-expect-error An issuer is a text.
     createGuard({ issuer: 1, resource: 'https://notes.example' })`,
  )
  const options = ['--noEmit', '--strict', '--module', 'NodeNext', '--target', 'ES2024', '--types', 'node']
  const roots = ['--typeRoots', join(ROOT, 'node_modules/@types')]
  must(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, ...roots, 'main.ts'],
    app,
  )
})

test('nothing of the sources or tests is published', () => {
  const files = readdirSync(join(app, 'node_modules/@parley/sdk'), { recursive: true, encoding: 'utf8' })
  expect(files).toContain('README.md')
  expect(files).toContain('LICENSE')
  expect(files.filter((name) => /(?<!\.d)\.ts$|test/.test(name))).toEqual([])
})
