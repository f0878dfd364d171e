import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RawHandler } from '../http/index.ts'
import { RawClient, startListener, type Rig } from '../http/test-kit.ts'
import { ManualClock } from '../lib/manual-clock.ts'
import { openTestStore, temporaryDirectory } from '../store/store-fixture.ts'
import { createFeed, createRevocations, type RevocationKind } from './index.ts'

const NOW = 1_700_000_000
const hashOf = (mark: string) => createHash('sha256').update(mark).digest('base64url')

let rig: Rig
let revoke: (kind: RevocationKind, id: string) => Promise<void>
beforeEach(async () => {
  const store = await openTestStore(temporaryDirectory())
  const revocations = createRevocations({ store, clock: new ManualClock(NOW * 1000) })
  let feed: RawHandler = () => {}
  rig = await startListener({ handlers: { oauth: (...request) => feed(...request) } })
  feed = createFeed({ revocations, streams: rig.streams, trustedProxy: true })
  revoke = async (kind, id) => {
    const cut = { kind, id, at: NOW }
    await store.submit([revocations.statement(cut)])
    revocations.announce([cut])
  }
})
afterEach(() => rig.listener.destroy())

function get(query = '', headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://localhost:${rig.port}/oauth/revocations${query}`, { headers })
}

function listen(more = ''): RawClient {
  const head = `GET /oauth/revocations HTTP/1.1\r\nHost: localhost:${rig.port}\r\naccept: text/event-stream\r\n`
  return new RawClient(rig.port).send(`${head}${more}\r\n`)
}

test('who asks hears what came since, by hash and by nothing else', async () => {
  await revoke('person', 'per_1')
  await revoke('grant', 'gra_2')
  const all = await (await get()).text()
  expect(all).not.toMatch(/per_1|gra_2/)
  expect(JSON.parse(all)).toEqual({
    seq: 2,
    revocations: [
      { seq: 1, hash: hashOf('person|per_1'), at: NOW },
      { seq: 2, hash: hashOf('grant|gra_2'), at: NOW },
    ],
  })
  const since = async (query: string) =>
    ((await (await get(query)).json()) as { revocations: unknown[] }).revocations
  expect(await since('?since=1')).toHaveLength(1)
  expect(await since('?since=2')).toHaveLength(0)
  // A number of a database that is gone: everything is told again.
  expect(await since('?since=99')).toHaveLength(2)
})

test('a stream tells what counts, that this was all, and then each new one at once', async () => {
  await revoke('person', 'per_1')
  const client = listen()
  await client.until('event: ready\nid: 1\ndata: {"seq":1}\n\n')
  expect(client.text).toContain(`event: revocation\nid: 1\ndata: {"seq":1,"hash":"${hashOf('person|per_1')}"`)
  await revoke('grant', 'gra_2')
  await client.until(hashOf('grant|gra_2'))
  client.socket.destroy()
  while (rig.streams.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('a stream goes on after the last event that was heard', async () => {
  await revoke('person', 'per_1')
  await revoke('grant', 'gra_2')
  const client = listen('last-event-id: 1\r\n')
  await client.until('event: ready')
  expect(client.text).toContain(hashOf('grant|gra_2'))
  expect(client.text).not.toContain(hashOf('person|per_1'))
})

test.each(['?since=x', '?since=-1', '?since=1.5', '?since=', `?since=${'9'.repeat(16)}`])(
  '%s is refused with what to do',
  async (query) => {
    const response = await get(query)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('since')
  },
)

test('nothing can be written', async () => {
  const response = await fetch(`http://localhost:${rig.port}/oauth/revocations`, { method: 'POST' })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('GET')
})

test('streams of one address have a limit, and asking works beyond it', async () => {
  const streams = Array.from({ length: 100 }, () => listen())
  await Promise.all(streams.map((client) => client.until('event: ready')))
  const beyond = await get('', { accept: 'text/event-stream' })
  expect(beyond.status).toBe(429)
  expect(beyond.headers.get('retry-after')).toBe('30')
  expect((await get()).status).toBe(200)
  streams[0]!.socket.destroy()
  while (rig.streams.size === 100) await new Promise((resolve) => setTimeout(resolve, 5))
  await listen().until('event: ready')
  // Behind a proxy each client counts by its own address.
  await listen('x-forwarded-for: 203.0.113.7\r\n').until('event: ready')
})
