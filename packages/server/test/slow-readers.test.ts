import { once } from 'node:events'
import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SseParser } from '../src/lib/sse.ts'
import { legacyCall, openSession, type RawRequest } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import {
  sendJson,
  startSessionServer,
  textResult,
  type ScriptedSessionServer,
} from './scripted-session-server.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

const EVENTS = 500
const EVENT_BYTES = 64 * 1024

let hub: TestHub
let upstream: ScriptedSessionServer
/** What the server could hand over, in bytes. */
let handedOver = 0

beforeAll(async () => {
  upstream = await startSessionServer([{ name: 'flood', inputSchema: { type: 'object' } }])
  upstream.answer = ({ body }, res) => {
    if (body.method === 'tools/call') void flood(body.id, res)
    else sendJson(res, { jsonrpc: '2.0', id: body.id, result: {} })
  }
  hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: upstream.url })
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** More than any buffer on the way holds, as fast as it is taken. */
async function flood(id: unknown, res: ServerResponse): Promise<void> {
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  const over = once(res, 'close')
  const data = 'x'.repeat(EVENT_BYTES)
  for (let at = 0; at < EVENTS && !res.destroyed; at++) {
    const params = { level: 'info', data: `${at} ${data}` }
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params })
    if (!res.write(`data: ${text}\n\n`)) await Promise.race([once(res, 'drain'), over])
    handedOver += text.length
  }
  res.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: textResult('done') })}\n\n`)
}

/** A client that asks and then does not read; `read` takes it all. */
async function ask({ headers, body }: RawRequest) {
  const url = new URL(`${hub.url}/mcp/servers/one`)
  const accept = 'application/json, text/event-stream'
  const sent = request(url, {
    method: 'POST',
    agent: false,
    headers: { ...hub.headers, accept, 'content-type': 'application/json', ...headers },
  })
  sent.end(JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return {
    cut: () => sent.destroy(),
    async read() {
      const parser = new SseParser(16 * 1024 * 1024)
      const messages: any[] = []
      for await (const chunk of response)
        for (const { data } of parser.push(chunk as Buffer)) if (data !== '') messages.push(JSON.parse(data))
      return messages
    },
  }
}

const CALLS = {
  '2026-07-28': async () => {
    const { headers, body } = modernRequest('tools/call', { name: 'flood', arguments: {} })
    const meta = { ...body['params']._meta, 'io.modelcontextprotocol/logLevel': 'info' }
    return { headers, body: { ...body, params: { ...body['params'], _meta: meta } } }
  },
  '2025-11-25': async () => legacyCall(await openSession(hub), 'flood'),
}

test.each(Object.entries(CALLS))(
  'D8: a client of %s that does not read makes the server wait, fills no memory, and gets everything once it reads',
  async (_era, call) => {
    handedOver = 0
    const client = await ask(await call())
    let before = -1
    while (before !== handedOver) {
      before = handedOver
      await wait(500)
    }
    expect(handedOver).toBeLessThan((EVENTS * EVENT_BYTES) / 2)
    const messages = await client.read()
    const told = messages.filter(({ method }) => method === 'notifications/message')
    expect(told.map(({ params }) => parseInt(params.data, 10))).toEqual(
      Array.from({ length: EVENTS }, (_, at) => at),
    )
    expect(messages.at(-1).result.content).toEqual(textResult('done').content)
  },
)

test('D8: a client that goes away while the server waits for it ends the call there', async () => {
  handedOver = 0
  const cancelled = upstream.cancelled.length
  const client = await ask(await CALLS['2026-07-28']())
  await wait(500)
  client.cut()
  while (upstream.cancelled.length === cancelled) await wait(50)
  expect(handedOver).toBeLessThan(EVENTS * EVENT_BYTES)
})
