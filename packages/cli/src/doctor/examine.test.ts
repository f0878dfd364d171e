import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { examine, type Examination } from './examine.ts'

async function against(listener: RequestListener, path = '/mcp'): Promise<Examination> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await examine(new URL(path, `http://127.0.0.1:${(server.address() as AddressInfo).port}`), {})
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const last = (found: Examination) => found.findings.at(-1)!

test('a modern server that checks nothing is usable, and its two faults are named', async () => {
  const found = await against((req, res) => {
    const isModern = req.headers['mcp-protocol-version'] === '2026-07-28'
    const result = { supportedVersions: ['2026-07-28'], capabilities: {} }
    const error = { code: -32601, message: 'no' }
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...(isModern ? { result } : { error }) }))
  })
  expect(found).toMatchObject({ ok: true, transport: 'streamable-http', eras: ['2026-07-28'] })
  const doubtful = found.findings.filter(({ verdict }) => verdict === 'doubtful')
  expect(doubtful.map(({ step }) => step)).toEqual(['headers', 'origin'])
})

test('a session server is recognized through an event stream that stays open, and its session ended', async () => {
  const ended: unknown[] = []
  const found = await against((req, res) => {
    if (req.method === 'DELETE') {
      ended.push(req.headers['mcp-session-id'])
      return void res.writeHead(204).end()
    }
    if (req.headers.origin !== undefined) return void res.writeHead(403).end()
    if (req.headers['mcp-method'] !== undefined) return void res.writeHead(400).end()
    const result = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      serverInfo: { name: 'old', version: '1' },
    }
    res.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': 's1' })
    res.write(`id: 1\ndata:\n\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result })}\n\n`)
  })
  expect(found).toMatchObject({ ok: true, eras: ['2025-06-18'], server: { name: 'old', version: '1' } })
  expect(last(found)).toMatchObject({ step: 'origin', verdict: 'good' })
  expect(ended).toEqual(['s1'])
})

test('the transport of 2024 is recognized, and called usable with a doubt', async () => {
  const found = await against((req, res) => {
    if (req.method !== 'GET') return void res.writeHead(405).end()
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('event: endpoint\ndata: /messages?id=1\n\n')
  })
  expect(found).toMatchObject({ ok: true, transport: 'http+sse', eras: ['2024-11-05'] })
})

test.each([
  [401, { 'www-authenticate': 'Bearer realm="x"' }, /credential.*realm/],
  [302, { location: 'http://elsewhere.example/mcp' }, /redirects to http:\/\/elsewhere\.example/],
  [404, {}, /no MCP endpoint at \/wrong/],
  [406, {}, /Accept/],
  [502, {}, /failed/],
  [200, { 'content-type': 'text/html' }, /text\/html/],
])('HTTP %i is explained', async (status, headers, words) => {
  const found = await against((_req, res) => void res.writeHead(status, headers).end('<html>'), '/wrong')
  expect(found.ok).toBe(false)
  expect(last(found).verdict).toBe('bad')
  expect(last(found).detail).toMatch(words)
  expect(last(found).mend).toBeTruthy()
})

test('a port where nothing listens is explained', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const found = await examine(new URL(`http://127.0.0.1:${port}/mcp`), {})
  expect(found).toMatchObject({ ok: false, transport: null })
  expect(last(found).detail).toContain('nothing listens')
})

test('a wrong path is told with the right one, when the same server has one there', async () => {
  const found = await against((req, res) => {
    if (req.url !== '/mcp' || req.method !== 'POST') return void res.writeHead(404).end('not here')
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { supportedVersions: ['2026-07-28'] } }))
  }, '/api')
  expect(found.ok).toBe(false)
  expect(last(found).mend).toMatch(/^There is one at http:\/\/127\.0\.0\.1:\d+\/mcp\.$/)
})

test('a server of an older version is told so, and not taken for no server at all', async () => {
  const found = await against((req, res) => {
    const result = {
      protocolVersion: '2024-10-07',
      capabilities: {},
      serverInfo: { name: 'old', version: '1' },
    }
    if (req.method !== 'POST') return void res.writeHead(405).end()
    res.setHeader('content-type', 'application/json')
    const isModern = req.headers['mcp-method'] !== undefined
    const answer = isModern ? { error: { code: -32601, message: 'no' } } : { result }
    res.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...answer }))
  })
  expect(found).toMatchObject({ ok: false, eras: [] })
  expect(last(found)).toMatchObject({ step: 'era 2024-10-07', verdict: 'bad' })
  expect(last(found).mend).toContain('2025-11-25')
})
