import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createEgress } from '../egress/index.ts'
import { systemClock } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { WriteBatch } from '../lib/write-batch.ts'
import { Translator, type DocumentSource } from '../openapi/index.ts'
import { createUpstream, type UpstreamLimits } from './create-upstream.ts'
import { callTool, codeOf, recorder, textOf, unending, until } from './fixtures/test-kit.ts'

const parameter = (name: string) => ({ name, in: 'query', schema: { type: 'string' } })
const PATHS: Record<string, object> = {
  '/echo': { get: { operationId: 'echo', parameters: [parameter('text')] } },
  '/hang': { get: { operationId: 'hang' } },
  '/large': { get: { operationId: 'large' } },
}

async function openService(options: { paths?: object; limits?: Partial<UpstreamLimits> } = {}) {
  const hanging = new Set<ServerResponse>()
  const seen: { path: string; authorization: string | undefined }[] = []
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://service.test')
    seen.push({ path: url.pathname, authorization: req.headers.authorization })
    if (url.pathname === '/hang') {
      hanging.add(res)
      res.once('close', () => hanging.delete(res))
    } else if (url.pathname === '/large') res.end('x'.repeat(2_000_000))
    else res.setHeader('content-type', 'text/plain').end(url.searchParams.get('text') ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const egress = createEgress({
    writes: new WriteBatch(),
    limits: {
      upstreamConnectTimeoutMs: 5000,
      upstreamTimeoutMs: 30_000,
      upstreamResponseBytes: 1_000_000,
      upstreamConnections: 64,
      clientMetadataBytes: 10_240,
      webhookTimeoutMs: 1000,
    },
    ownListeners: () => [],
  })
  const bytes = Buffer.from(
    JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'fixture', version: '1' },
      paths: options.paths ?? PATHS,
    }),
  )
  const source: DocumentSource = {
    load: (known) => Promise.resolve(known === 'one' ? undefined : { version: 'one', bytes }),
    close: () => Promise.resolve(),
  }
  const translator = new Translator()
  const upstream = createUpstream({
    name: 'fixture',
    target: {
      kind: 'openapi',
      url,
      outlet: egress.open({ purpose: 'upstream', url, allowance: egress.allow(url, 'test') }),
      source,
      translate: (request, signal) => translator.translate(request, signal),
      selection: {},
    },
    limits: { resultBytes: 1_000_000, timeoutMs: 30_000, sessions: 20, ...options.limits },
    clock: systemClock,
    mirrored: () => [],
    report: () => undefined,
    onLog: () => undefined,
  })
  const stop = () => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    upstream,
    hanging,
    seen,
    stop,
    restart: () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)),
    async [Symbol.asyncDispose]() {
      await upstream.close()
      await egress.close()
      await stop()
    },
  }
}

test('it says what it is, as a modern server without sessions', async () => {
  await using opened = await openService()
  const info = await opened.upstream.info()
  expect(info).toMatchObject({
    era: '2026-07-28',
    serverInfo: { name: 'fixture', version: '1' },
    capabilities: { tools: {} },
  })
  expect(await opened.upstream.info()).toBe(info)
  expect(opened.upstream.health()).toMatchObject({ state: 'ready' })
  expect(opened.upstream.lane()).toBeUndefined()
  const opening = opened.upstream.openSession({ capabilities: {}, clientInfo: {} }, unending())
  expect(await codeOf(opening)).toBe('upstream_invalid')
})

test('its tools come in pages, and what it does not have is not found', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 450 }, (_, at) => [`/p${at}`, { get: { operationId: `p${at}` } }]),
  )
  await using opened = await openService({ paths: many })
  const channel = await opened.upstream.modern()
  const names: unknown[] = []
  let cursor: unknown
  do {
    const page = await channel.exchange(
      'tools/list',
      cursor === undefined ? {} : { cursor },
      recorder(),
      unending(),
    )
    if (!('result' in page)) throw new Error('no page')
    names.push(...(page.result['tools'] as JsonObject[]).map((tool) => tool['name']))
    cursor = page.result['nextCursor']
  } while (cursor !== undefined)
  expect(new Set(names).size).toBe(450)
  const exchange = (method: string, params: JsonObject) =>
    channel.exchange(method, params, recorder(), unending())
  expect(await exchange('tools/list', { cursor: 'x' })).toMatchObject({ error: { code: -32602 } })
  expect(await exchange('resources/list', {})).toMatchObject({ error: { code: -32601 } })
  expect(await exchange('tools/call', { name: 'none' })).toMatchObject({ error: { code: -32602 } })
  expect(await exchange('tools/call', { name: 'p1', arguments: [] })).toMatchObject({
    error: { code: -32602 },
  })
  expect(opened.seen).toEqual([])
})

test('fifty calls at once are kept apart', async () => {
  await using opened = await openService()
  const channel = await opened.upstream.modern()
  const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`)
  const outcomes = await Promise.all(texts.map((text) => callTool(channel, 'echo', { arguments: { text } })))
  expect(outcomes.map(textOf)).toEqual(texts)
})

test('a cancelled call ends at the service, and others go on', async () => {
  await using opened = await openService()
  const channel = await opened.upstream.modern()
  const leaving = new AbortController()
  const left = callTool(channel, 'hang', { signal: leaving.signal })
  const staying = callTool(channel, 'hang')
  staying.catch(() => undefined)
  await until(() => opened.hanging.size === 2)
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  await until(() => opened.hanging.size === 1)
  for (const res of opened.hanging) res.end('late')
  expect(textOf(await staying)).toBe('late')
})

test('what takes too long or is too large is the server’s failure', async () => {
  await using opened = await openService({ limits: { timeoutMs: 300 } })
  const channel = await opened.upstream.modern()
  expect(await codeOf(callTool(channel, 'hang'))).toBe('upstream_timeout')
  expect(await codeOf(callTool(channel, 'large'))).toBe('upstream_invalid')
  expect(opened.upstream.health()).toMatchObject({ state: 'failing' })
  expect(textOf(await callTool(channel, 'echo', { arguments: { text: 'on' } }))).toBe('on')
  expect(opened.upstream.health()).toMatchObject({ state: 'ready' })
})

test('a service that is away fails at once, lists what it has, and is found again', async () => {
  await using opened = await openService()
  const channel = await opened.upstream.modern()
  await opened.stop()
  for (let count = 0; count < 4; count++)
    expect(await codeOf(callTool(channel, 'echo'))).toBe('upstream_unavailable')
  expect(opened.upstream.health()).toMatchObject({ state: 'unreachable' })
  expect(await channel.exchange('tools/list', {}, recorder(), unending())).toHaveProperty('result')
  await opened.restart()
  await until(() =>
    callTool(channel, 'echo', { arguments: { text: 'back' } }).then(
      (one) => textOf(one) === 'back',
      () => false,
    ),
  )
})

test('only so many calls are under way', async () => {
  await using opened = await openService({ limits: { inFlight: 2 } })
  const channel = await opened.upstream.modern()
  const waiting = [callTool(channel, 'hang'), callTool(channel, 'hang')]
  for (const one of waiting) one.catch(() => undefined)
  await until(() => opened.hanging.size === 2)
  expect(await codeOf(callTool(channel, 'echo'))).toBe('unavailable')
})

test('a credential is on the calls of its own channel alone', async () => {
  await using opened = await openService()
  const own = await opened.upstream.modern(() => ({ authorization: 'Bearer own' }))
  await callTool(own, 'echo')
  await callTool(await opened.upstream.modern(), 'echo')
  expect(opened.seen).toEqual([
    { path: '/echo', authorization: 'Bearer own' },
    { path: '/echo', authorization: undefined },
  ])
})
