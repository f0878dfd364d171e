import { describe, expect, it } from 'vitest'
import { openHttp, unending } from './fixtures/test-kit.ts'
import { DISCOVERY, initializeResult, sendJson, startRaw, type Received } from './fixtures/raw-server.ts'
import type { ServerResponse } from 'node:http'

type Answer = (received: Received, res: ServerResponse) => void

const error =
  (status: number, code: number, data?: object): Answer =>
  ({ body }, res) =>
    sendJson(
      res,
      { jsonrpc: '2.0', id: body.id, error: { code, message: 'no', ...(data ? { data } : {}) } },
      status,
    )
const plain =
  (status: number, text = '', type = 'text/plain'): Answer =>
  (_, res) =>
    void res.writeHead(status, { 'content-type': type }).end(text)

/** A server that answers discovery with `first`, and `initialize` with a session of this version. */
function session(first: Answer, version = '2025-11-25'): Answer {
  return (received, res) => {
    const { id, method } = received.body
    if (method === 'server/discover') return first(received, res)
    if (method !== 'initialize') return void res.writeHead(202).end()
    sendJson(res, { jsonrpc: '2.0', id, result: initializeResult(version) }, 200, { 'mcp-session-id': 's1' })
  }
}

async function detect(answer: Answer) {
  await using server = await startRaw(answer)
  await using opened = openHttp(server.url)
  const found = await opened.upstream.info().then(
    (info) => info.era as string,
    (failure: { code: string; message: string }) => `${failure.code}: ${failure.message}`,
  )
  return { found, received: server.received, health: opened.upstream.health() }
}

describe('detection of the era over HTTP', () => {
  it.each([
    ['400 without a body', plain(400)],
    ['400 with an unknown error', error(400, -32000)],
    ['400 with a session complaint', plain(400, '{"error":"no session"}', 'application/json')],
    ['404', plain(404, 'not found')],
    ['405', plain(405)],
    ['406', plain(406)],
    ['500', plain(500)],
    ['200 with method not found', error(200, -32601)],
    ['200 with a web page', plain(200, '<html></html>', 'text/html')],
    ['200 with broken JSON', plain(200, '{"jsonrpc":', 'application/json')],
    [
      'an error that names a session version',
      error(400, -32022, { supported: ['2027-01-01', '2025-11-25'] }),
    ],
  ])('takes %s for a session server', async (_, first) => {
    const { found, received } = await detect(session(first))
    expect(found).toBe('2025-11-25')
    const [probe, opening] = received
    expect(probe!.headers).toMatchObject({
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'server/discover',
    })
    expect(probe!.body.params?.['_meta']).toMatchObject({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    })
    expect(opening!.headers['mcp-protocol-version']).toBeUndefined()
    expect(received.at(-1)!.method).toBe('DELETE')
  })

  it.each(['2025-06-18', '2025-03-26', '2024-11-05'])(
    'speaks %s where that is what the server speaks',
    async (version) => {
      await using server = await startRaw(session(plain(400), version))
      await using opened = openHttp(server.url)
      expect((await opened.upstream.info()).initialize?.['protocolVersion']).toBe(version)
      await opened.upstream.openSession(
        { capabilities: {}, clientInfo: { name: 't', version: '1' } },
        unending(),
      )
      expect(server.received.at(-1)!.headers['mcp-protocol-version']).toBe(version)
    },
  )

  it.each([
    [
      'a revision that is older',
      session(plain(400), '2024-10-07'),
      'upstream_invalid: .*2024-10-07.*2025-11-25',
    ],
    [
      'only later revisions',
      session(error(400, -32022, { supported: ['2031-01-01'] })),
      'upstream_invalid: .*2031-01-01',
    ],
    ['a refusal that only a modern server knows', session(error(400, -32021)), 'upstream_invalid: '],
    ['no way in', session(plain(401)), 'upstream_unavailable: .*credentials'],
    ['no right', session(plain(403)), 'upstream_unavailable: .*credentials'],
    ['a redirect', session(plain(307)), 'upstream_unavailable: .*redirect'],
    ['too many requests', session(plain(429)), 'upstream_unavailable: .*429'],
    ['an upstream of its own that is gone', session(plain(502)), 'upstream_unavailable: .*502'],
  ])('does not initialize a server that shows %s', async (what, answer, expected) => {
    const { found, received, health } = await detect(answer)
    expect(found).toMatch(new RegExp(`^${expected}`))
    expect(health.state).not.toBe('ready')
    const initialized = received.filter(({ body }) => body.method === 'initialize').length
    expect(initialized).toBe(what === 'a revision that is older' ? 1 : 0)
  })

  it('asks again when its own version is refused and named as supported, and does not initialize', async () => {
    let refusals = 0
    const { found, received } = await detect((one, res) => {
      if (refusals++ === 0) return error(400, -32022, { supported: ['2026-07-28'] })(one, res)
      sendJson(res, { jsonrpc: '2.0', id: one.body.id, result: DISCOVERY })
    })
    expect(found).toBe('2026-07-28')
    expect(received.map(({ body }) => body.method)).toEqual(['server/discover', 'server/discover'])
  })

  it('asks again only once', async () => {
    const { found, received } = await detect(error(400, -32022, { supported: ['2026-07-28'] }))
    expect(found).toMatch(/^upstream_invalid/)
    expect(received).toHaveLength(2)
  })

  it('asks once, however many want to know', async () => {
    await using server = await startRaw(session(plain(400)))
    await using opened = openHttp(server.url)
    await Promise.all(Array.from({ length: 20 }, () => opened.upstream.info()))
    expect(server.received.filter(({ body }) => body.method === 'server/discover')).toHaveLength(1)
  })
})
