import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, readEnv } from './index.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-config-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function load(text?: string, options: { flags?: object; variables?: Record<string, string> } = {}) {
  if (text !== undefined) writeFileSync(join(directory, 'parley.yaml'), text)
  return loadConfig({
    flags: options.flags ?? {},
    environment: readEnv(options.variables ?? {}),
    workingDirectory: directory,
  })
}

function problems(text: string, options: Parameters<typeof load>[1] = {}) {
  try {
    load(text, options)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('the configuration was accepted')
}

function program(path: string, mode = 0o755): string {
  const file = join(directory, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, '#!/usr/bin/env node\n')
  chmodSync(file, mode)
  return file
}

describe('loadConfig', () => {
  it('works without any file', () => {
    const config = load()
    expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 4747, trustedProxy: false })
    expect(config.dataDir).toBe(join(directory, '.parley'))
    expect(config.file).toBeUndefined()
    expect(config.limits.bodyBytes).toBe(1_048_576)
    expect(config.servers).toEqual([])
  })

  it('gives a frozen configuration', () => {
    const config = load('servers: { a: { url: http://localhost:3000/mcp } }')
    for (const part of [config, config.listen, config.limits, config.servers, config.servers[0]]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  it('lets flags win over the environment and the environment over the file', () => {
    const variables = { PARLEY_PORT: '2', PARLEY_HOST: '127.0.0.2', PARLEY_DATA_DIR: 'from-env' }
    const config = load('listen: { port: 1, host: 127.0.0.3 }', { flags: { port: '3' }, variables })
    expect(config.listen).toMatchObject({ host: '127.0.0.2', port: 3 })
    expect(config.dataDir).toBe(join(directory, 'from-env'))
  })

  it('treats an empty variable as unset and a wrong port as a mistake', () => {
    expect(load(undefined, { variables: { PARLEY_PORT: '' } }).listen.port).toBe(4747)
    for (const port of ['-1', '65536', '80x', '0x50', ' 80', '1e3']) {
      expect(() => load(undefined, { flags: { port } })).toThrow(/is no port/)
    }
  })

  it('refuses a named file that is missing', () => {
    expect(() => load(undefined, { flags: { config: 'other.yaml' } })).toThrow(/other\.yaml: cannot be read/)
  })

  it('takes a section without entries as none', () => {
    expect(load('servers:\n  # a: {}\nlimits:\n').servers).toEqual([])
    expect(load('').servers).toEqual([])
  })
})

describe('errors of the file', () => {
  it.each([
    [
      'limits:\n  bodybites: 5',
      { line: 2, column: 3, path: 'limits.bodybites', message: /did you mean "bodyBytes"/ },
    ],
    ['limits:\n  body_bytes: 5', { line: 2, path: 'limits.body_bytes', message: /"bodyBytes"/ }],
    ['limit: {}', { line: 1, path: 'limit', message: /did you mean "limits"/ }],
    ['xyzzy: {}', { line: 1, path: 'xyzzy', message: /here stand: listen, servers, agents, / }],
    ['servers:\n  a:\n    ulr: http://x/', { line: 3, path: 'servers.a.ulr', message: /did you mean "url"/ }],
    ['limits:\n  bodyBytes: lots', { line: 2, path: 'limits.bodyBytes', message: /a number, not text/ }],
    ['limits:\n  bodyBytes: 1', { line: 2, path: 'limits.bodyBytes', message: /at least 1024/ }],
    ['limits:\n  drainMs: 1.5', { line: 2, path: 'limits.drainMs', message: /whole number/ }],
    ['\n\nactivity: sometimes', { line: 3, path: 'activity', message: /queued, strict/ }],
    [
      'servers:\n  My_Server: { url: http://a/ }',
      { line: 2, path: 'servers.My_Server', message: /lower-case/ },
    ],
    ['servers:\n  a__b: { url: http://a/ }', { line: 2, path: 'servers.a__b', message: /single hyphens/ }],
    ['servers:\n  a: { url: http://a/ }\n  a: { url: http://b/ }', { line: 3, message: /unique/ }],
    ['servers:\n  a: {}', { line: 2, path: 'servers.a', message: /write url/ }],
    [
      'servers:\n  a: { url: http://a/, command: x }',
      { line: 2, path: 'servers.a.command', message: /not both/ },
    ],
    ['servers:\n  a: { url: http://a/, env: { B: c } }', { path: 'servers.a.env', message: /belongs to/ }],
    ['servers:\n  a: { url: "ftp://a/" }', { path: 'servers.a.url', message: /whole URL/ }],
    ['servers:\n  a: { url: "http://u:p@a/" }', { path: 'servers.a.url', message: /password/ }],
    [
      'servers:\n  a: { url: "http://localhost:4747/mcp" }',
      { path: 'servers.a.url', message: /Parley itself/ },
    ],
    ['listen: { port: "80" }', { path: 'listen.port', message: /number/ }],
    ['limits: { headerTimeoutMs: 50000 }', { path: 'limits.headerTimeoutMs', message: /bodyTimeoutMs/ }],
    ['a: [', { line: 1, message: /./ }],
    ['- a', { path: '', message: /settings/ }],
    ['"__proto__": { a: 1 }', { path: '__proto__', message: /no setting/ }],
    ['a: !!js/function "x"', { message: /tag/ }],
  ])('%j', (text, expected) => {
    const found = problems(text)
    expect(found[0]).toMatchObject({ ...expected, message: expect.stringMatching(expected.message) })
    expect(found[0]?.file).toBe(join(directory, 'parley.yaml'))
  })

  it('reports every problem at once, ready to be printed', () => {
    expect(() => load('activity: x\nlimits:\n  bodyBites: 1\n')).toThrow(
      /parley\.yaml:3:3: limits\.bodyBites: .*\n|parley\.yaml:1:1: activity/,
    )
    expect(problems('activity: x\nlimits:\n  bodyBites: 1\n')).toHaveLength(2)
  })

  it('refuses alias bombs, oversized files, files of others and bytes that are no text', () => {
    const bomb = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i ? `*a${i - 1}` : 'x')
          .join()}]`,
    )
    expect(problems(bomb.join('\n'))[0]?.message).toMatch(/alias/i)
    expect(problems(`# ${'x'.repeat(1_048_576)}`)[0]?.message).toMatch(/larger/)
    writeFileSync(join(directory, 'parley.yaml'), Buffer.from([0x61, 0xff, 0xfe]))
    expect(() => load()).toThrow(/UTF-8/)
    writeFileSync(join(directory, 'parley.yaml'), '')
    chmodSync(join(directory, 'parley.yaml'), 0o666)
    expect(() => load()).toThrow(/writable by everyone/)
  })

  it('refuses names that look alike', () => {
    for (const [one, other] of [
      ['github', 'git-hub'],
      ['mail', 'mai1'],
      ['form', 'forrn'],
      ['tool', 't00l'],
    ]) {
      const text = `servers:\n  ${one}: { url: "http://a/" }\n  ${other}: { url: "http://b/" }`
      expect(problems(text)[0]).toMatchObject({ line: 3, path: `servers.${other}` })
    }
  })
})

describe('where it listens', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1'])('refuses %s without a proxy and a public URL', (host) => {
    const found = problems('', { flags: { host } }).map((problem) => problem.message)
    expect(found).toEqual([expect.stringMatching(/trustedProxy/), expect.stringMatching(/publicUrl/)])
  })

  it('accepts more than loopback when both are said', () => {
    const text = 'listen: { host: 0.0.0.0, trustedProxy: true, publicUrl: "https://parley.example.com" }'
    expect(load(text).listen.host).toBe('0.0.0.0')
  })

  it.each([
    'http://parley.example.com',
    'https://parley.example.com/path',
    'parley.example.com',
    'https://*.example.com',
  ])('refuses %s as public URL', (publicUrl) => {
    expect(problems(`listen: { publicUrl: "${publicUrl}" }`)[0]?.path).toBe('listen.publicUrl')
  })

  it.each(['null', '*', 'https://a.example/', 'https://*.example.com'])(
    'refuses %s as allowed origin',
    (origin) => {
      expect(problems(`listen: { allowedOrigins: ["${origin}"] }`)[0]?.path).toBe('listen.allowedOrigins.0')
    },
  )
})

describe('stdio servers', () => {
  const stdio = (settings: object) => `servers:\n  tool: ${JSON.stringify(settings)}\n`

  it('finds a program beside the file and keeps its arguments as they are', () => {
    const file = program('bin/tool')
    expect(load(stdio({ command: 'bin/tool', args: ['--x', '$(id)'] })).servers[0]).toMatchObject({
      transport: 'stdio',
      command: file,
      realCommand: file,
      args: ['--x', '$(id)'],
      cwd: directory,
    })
  })

  it.each([
    ['/bin/sh', /is a shell/],
    ['/bin/bash', /is a shell/],
    ['/usr/bin/env', /starts another program/],
    ['npx', /fetch and run whatever is newest/],
    ['/usr/local/bin/uvx', /fetch and run/],
    ['bunx', /fetch and run/],
    ['node', /write the whole path/],
    ['/nowhere/tool', /is not an executable file/],
    ['.', /is not an executable file/],
  ])('refuses %s', (command, message) => {
    expect(problems(stdio({ command }))[0]).toMatchObject({
      line: 2,
      path: 'servers.tool.command',
      message: expect.stringMatching(message),
    })
  })

  it('refuses a shell or runner behind a link and a file that cannot be executed', () => {
    symlinkSync('/bin/sh', join(directory, 'innocent'))
    expect(problems(stdio({ command: './innocent' }))[0]?.message).toMatch(/is a shell/)
    program('npx-cli.js')
    symlinkSync(join(directory, 'npx-cli.js'), join(directory, 'helper'))
    expect(problems(stdio({ command: './helper' }))[0]?.message).toMatch(/fetch and run/)
    program('data', 0o644)
    expect(problems(stdio({ command: './data' }))[0]?.message).toMatch(/not an executable/)
  })

  it('asks for the pin of an installed npm package and compares it with what is installed', () => {
    program('node_modules/@scope/name/dist/index.js')
    writeFileSync(
      join(directory, 'node_modules/@scope/name/package.json'),
      '{"name":"@scope/name","version":"1.2.3"}',
    )
    writeFileSync(join(directory, 'node_modules/@scope/name/dist/package.json'), '{"type":"module"}')
    mkdirSync(join(directory, 'node_modules/.bin'))
    symlinkSync('../@scope/name/dist/index.js', join(directory, 'node_modules/.bin/name'))
    const command = './node_modules/.bin/name'
    expect(problems(stdio({ command }))[0]).toMatchObject({
      path: 'servers.tool.package',
      message: expect.stringContaining("package: '@scope/name@1.2.3'"),
    })
    for (const wrong of [
      '@scope/name@1.2.4',
      '@scope/name@latest',
      '@scope/name@^1.2.3',
      '@scope/name',
      'name@1.2.3',
    ]) {
      expect(problems(stdio({ command, package: wrong }))[0]?.path).toBe('servers.tool.package')
    }
    expect(load(stdio({ command, package: '@scope/name@1.2.3' })).servers).toHaveLength(1)
    const script = join(directory, 'node_modules/@scope/name/dist/index.js')
    expect(problems(stdio({ command: process.execPath, args: [script] }))[0]?.path).toBe(
      'servers.tool.package',
    )
    expect(
      load(stdio({ command: process.execPath, args: [script], package: '@scope/name@1.2.3' })).servers,
    ).toHaveLength(1)
  })

  it('refuses a runtime told to fetch what it runs', () => {
    program('deno')
    expect(problems(stdio({ command: './deno', args: ['run', '-A', 'npm:thing'] }))[0]?.message).toMatch(
      /fetched/,
    )
    program('bun')
    expect(problems(stdio({ command: './bun', args: ['x', 'thing'] }))[0]?.message).toMatch(/fetched/)
    program('node_modules/npm/bin/other.js')
    writeFileSync(join(directory, 'node_modules/npm/package.json'), '{"name":"npm","version":"1.2.3"}')
    const args = ['node_modules/npm/bin/other.js', 'exec', 'thing']
    expect(problems(stdio({ command: process.execPath, args, package: 'npm@1.2.3' }))[0]?.message).toMatch(
      /newest/,
    )
  })

  it.each([
    [{ 'A=B': 'x' }, /letters, digits/],
    [{ PARLEY_KEY: 'x' }, /hub's own/],
    [{ KEY: '${env:PARLEY_KEY}' }, /hub's own/],
    [{ KEY: '${env:parley_key}' }, /hub's own/],
    [{ KEY: '${env:NOT A NAME}' }, /reference/],
    [{ KEY: 'a\0b' }, /NUL/],
  ])('refuses the environment %j', (env, message) => {
    program('tool')
    expect(problems(stdio({ command: './tool', env }))[0]?.message).toMatch(message)
  })
})
