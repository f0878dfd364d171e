import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, readEnv, startHub } from '@parley/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exampleConfig } from '../src/example-config.ts'
import { runParley } from './run-parley.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-init-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const load = () =>
  loadConfig({
    flags: { port: '0' },
    environment: readEnv({ PATH: process.env['PATH'] }),
    workingDirectory: directory,
  })

test('what init writes starts as it stands, and its servers answer', async () => {
  const { code, out } = await runParley(directory, 'init', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    file: join(directory, 'parley.yaml'),
    missing: [],
    next: 'parley serve',
  })
  const hub = await startHub(load(), readEnv({ PATH: process.env['PATH'] }), () => undefined)
  try {
    for (const name of ['files', 'memory']) {
      const tested = await runParley(directory, 'servers', 'test', name)
      expect(tested.code, tested.out).toBe(0)
    }
    const path = 'welcome.txt'
    const read = await runParley(
      directory,
      'call',
      'files',
      'read_text_file',
      '--arguments',
      JSON.stringify({ path }),
    )
    expect(read.out).toContain('all that the server')
    const outside = JSON.stringify({ path: join(directory, 'parley.yaml') })
    expect((await runParley(directory, 'call', 'files', 'read_text_file', '--arguments', outside)).code).toBe(
      1,
    )
  } finally {
    await hub[Symbol.asyncDispose]()
  }
})

test('a file that is there is kept, unless --force says otherwise', async () => {
  writeFileSync(join(directory, 'parley.yaml'), 'mine')
  const { code, errors } = await runParley(directory, 'init')
  expect([code, errors]).toEqual([1, expect.stringContaining('--force')])
  expect(readFileSync(join(directory, 'parley.yaml'), 'utf8')).toBe('mine')
  expect(readdirSync(directory)).toEqual(['parley.yaml'])
  mkdirSync(join(directory, 'parley-files'))
  writeFileSync(join(directory, 'parley-files/welcome.txt'), 'mine too')
  expect((await runParley(directory, 'init', '--force')).code).toBe(0)
  expect(load().servers.map(({ name }) => name)).toEqual(['files', 'memory'])
  expect(readFileSync(join(directory, 'parley-files/welcome.txt'), 'utf8')).toBe('mine too')
})

test('where the servers are installed beside the file, their paths are relative', () => {
  const modules = join(directory, 'node_modules')
  for (const name of ['filesystem', 'memory']) {
    const home = join(modules, '@modelcontextprotocol', `server-${name}`)
    mkdirSync(home, { recursive: true })
    mkdirSync(join(modules, '.bin'), { recursive: true })
    writeFileSync(join(modules, '.bin', `mcp-server-${name}`), '')
    const facts = { version: '1.2.3', bin: { [`mcp-server-${name}`]: 'index.js' } }
    writeFileSync(join(home, 'package.json'), JSON.stringify(facts))
  }
  const { text, missing } = exampleConfig(directory)
  expect(missing).toEqual([])
  expect(text).toContain('command: "node_modules/.bin/mcp-server-memory"')
  expect(text).toContain("package: '@modelcontextprotocol/server-memory@1.2.3'")
})
