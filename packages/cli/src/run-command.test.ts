import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { runCommand } from './run-command.ts'

interface Seen {
  line: string
  headers: IncomingHttpHeaders
  body: string
}

const dataDir = mkdtempSync(join(tmpdir(), 'parley-cli-'))
const seen: Seen[] = []
let replies: unknown[] = []
let status = 200

/** Stands in for a hub: keeps what was asked, answers what the test laid out. */
const server = createServer(async (req, res) => {
  const parts: Buffer[] = []
  for await (const part of req) parts.push(part as Buffer)
  seen.push({ line: `${req.method} ${req.url}`, headers: req.headers, body: Buffer.concat(parts).toString() })
  res.statusCode = status
  res.setHeader('content-type', 'application/json').end(JSON.stringify(replies.shift() ?? {}))
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeFileSync(join(dataDir, 'credentials.json'), JSON.stringify({ url, key: 'parley_admin_k' }), {
    mode: 0o600,
  })
})
afterAll(() => {
  server.close()
  rmSync(dataDir, { recursive: true })
})
beforeEach(() => {
  seen.length = 0
  replies = []
  status = 200
})

async function run(...argv: string[]) {
  const out: string[] = []
  const errors: string[] = []
  const terminal = {
    out: (text: string) => out.push(text),
    error: (text: string) => errors.push(text),
    dataDir,
    directory: dataDir,
    configDir: join(dataDir, 'config'),
    openBrowser: () => {},
  }
  const code = await runCommand(argv, terminal)
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}

test('the key goes with every request, as a bearer', async () => {
  replies = [{ servers: [] }]
  const { code, out } = await run('servers', 'list')
  expect(code).toBe(0)
  expect(out).toContain('parley servers add')
  expect(seen.map(({ line }) => line)).toEqual(['GET /api/servers'])
  expect(seen[0]!.headers.authorization).toBe('Bearer parley_admin_k')
})

test.each([
  [['nonsense'], /no command "nonsense"/],
  [['constructor'], /no command/],
  [['serevrs'], /Did you mean `parley servers`/],
  [['backups'], /Did you mean `parley backup`/],
  [['help', 'doctr'], /Did you mean `parley doctor`/],
  [['init', 'here'], /takes no names/],
  [['tour', 'now'], /takes no names/],
  [['restore'], /Name the backup/],
  [['backup', 'a', 'b'], /one file/],
  [['doctor', 'npx', 'server'], /started as a process/],
  [['doctor', '/usr/bin/server'], /started as a process.*servers test/],
  [['servers', 'toString'], /not how it goes/],
  [['servers', 'add', 'one'], /not how it goes/],
  [['servers', 'list', 'extra'], /not how it goes/],
  [['servers', 'list', '--pendign'], /--pendign/],
  [['call', 'files'], /which tool/],
  [['call', 'files', 'read', '--arguments', '{'], /not JSON/],
  [['call', 'files', 'read', '--arguments', '[1]'], /JSON object/],
  [['activity', '--before', '-1'], /before/],
  [['activity', '--before', '1&x=2'], /number/],
  [['doctor'], /one URL/],
  [['doctor', 'ftp://localhost/'], /one URL/],
  [['doctor', 'http://a:b@localhost/'], /No credentials/],
])('%j is refused in words, and nothing is sent', async (argv, words) => {
  const { code, out, errors } = await run(...argv)
  expect(code).toBe(1)
  expect(errors).toMatch(words)
  expect(errors).not.toContain('    at ')
  expect(out).toBe('')
  expect(seen).toEqual([])
})

test('with --json an error is JSON too', async () => {
  const { code, out, errors } = await run('call', 'files', '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toEqual({
    error: {
      code: 'usage',
      message: expect.stringContaining('which tool'),
      hint: expect.stringContaining('parley call'),
    },
  })
  expect(errors).toBe('')
})

test.each([
  [['nonsense'], 'unknown_command'],
  [['servers', 'list', '--nonsense'], 'usage'],
  [['serve', '--nonsense'], 'usage'],
  [['status', '--data-dir', join(dataDir, 'none')], 'credentials'],
  [['restore', 'no-such-file'], 'invalid_request'],
  [['backup', 'credentials.json'], 'conflict'],
])('%j --json tells its code on stdout alone', async (argv, errorCode) => {
  const { code, out, errors } = await run(...argv, '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out).error).toMatchObject({ code: errorCode, message: expect.any(String) })
  expect(errors).toBe('')
  expect(seen).toEqual([])
})

test("what the hub refuses keeps the hub's own code", async () => {
  status = 409
  replies = [{ code: 'conflict', detail: 'There is one already.' }]
  const { code, out } = await run('servers', 'add', 'one', 'http://localhost:1/mcp', '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toEqual({
    error: { code: 'conflict', message: 'There is one already.', hint: null },
  })
})

test('the version is one for all of Parley', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
  expect((await run('--version')).out).toBe(version)
  expect(JSON.parse((await run('--version', '--json')).out)).toEqual({ version })
  expect((await import('@parley/server')).VERSION).toBe(version)
})

test('help needs neither hub nor credentials', async () => {
  expect((await run('--help')).out).toMatch(/^ {2}serve /m)
  expect(JSON.parse((await run('help', 'call', '--json')).out)).toHaveProperty('usage')
  expect((await run('help', 'doctor')).out).toContain('--header')
  expect((await run('serve', '--help')).out).toContain('--port')
  expect((await run('servers', '--help')).out).toContain('--pending')
  expect(seen).toEqual([])
})

test('a call carries the headers that mirror its body', async () => {
  replies = [{ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'hello' }] } }]
  const { code, out } = await run('call', 'files', 'lesen ü', '--arguments', '{"path":"/x"}')
  expect([code, out]).toEqual([0, 'hello'])
  const { line, headers, body } = seen[0]!
  expect(line).toBe('POST /mcp/servers/files')
  expect(headers).toMatchObject({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' })
  expect(headers['mcp-name']).toBe(`=?base64?${Buffer.from('lesen ü').toString('base64')}?=`)
  expect(JSON.parse(body).params).toMatchObject({
    name: 'lesen ü',
    arguments: { path: '/x' },
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
  })
})

test('arguments that a tool wants in headers are mirrored after the first refusal', async () => {
  const tool = {
    name: 'find',
    inputSchema: { properties: { city: { type: 'string', 'x-mcp-header': 'City' } } },
  }
  replies = [
    { jsonrpc: '2.0', id: 1, error: { code: -32020, message: 'Header mismatch' } },
    { jsonrpc: '2.0', id: 1, result: { tools: [tool] } },
    { jsonrpc: '2.0', id: 1, result: { content: [] } },
  ]
  const { code } = await run('call', 'maps', 'find', '--arguments', '{"city":"Köln"}')
  expect(code).toBe(0)
  expect(seen.map(({ headers }) => headers['mcp-method'])).toEqual(['tools/call', 'tools/list', 'tools/call'])
  expect(seen[2]!.headers['mcp-param-city']).toBe(`=?base64?${Buffer.from('Köln').toString('base64')}?=`)
})

test('a tool that failed makes the exit code 1, and its words cannot drive the terminal', async () => {
  const content = [{ type: 'text', text: 'no\u001b]0;owned\u0007 \u202egnp' }]
  replies = [{ jsonrpc: '2.0', id: 1, result: { isError: true, content } }]
  const { code, out } = await run('call', 'files', 'read')
  expect([code, out]).toEqual([1, 'The tool failed: no\\u001b]0;owned\\u0007 \\u202egnp'])
})

test('--json prints the result as it was, in safe characters', async () => {
  const result = { content: [{ type: 'text', text: 'a\u009b31m\u0000b' }] }
  replies = [{ jsonrpc: '2.0', id: 1, result }]
  const { out } = await run('call', 'files', 'read', '--json')
  expect(out).not.toContain('\u009b')
  expect(JSON.parse(out)).toEqual(result)
})

test('another data directory is another hub', async () => {
  const { code, errors } = await run('status', '--data-dir', join(dataDir, 'none'))
  expect(code).toBe(1)
  expect(errors).toContain('parley serve')
  expect(seen).toEqual([])
})
