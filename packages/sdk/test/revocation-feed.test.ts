import { createServer, type RequestListener, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGuard, type Guard, type RevocationOptions } from '../src/index.ts'
import { startTestIssuer, type TestIssuer } from './test-issuer.ts'

const resource = 'https://notes.example/mcp'

let issuer: TestIssuer
let guards: Guard[]
let servers: Server[]
beforeEach(async () => {
  issuer = await startTestIssuer()
  guards = []
  servers = []
})
afterEach(async () => {
  for (const guard of guards) await guard[Symbol.asyncDispose]()
  for (const server of servers) server.closeAllConnections()
  for (const server of servers) server.close()
  await issuer[Symbol.asyncDispose]()
})

function makeGuard(revocations: RevocationOptions | false = {}, fetch = globalThis.fetch): Guard {
  const guard = createGuard({ issuer: issuer.url, resource, revocations, fetch })
  guards.push(guard)
  return guard
}

const bearer = async (claims: object = {}) => `Bearer ${await issuer.mint({ aud: resource, ...claims })}`
const statusOf = async (guard: Guard, authorization: string) => {
  const checked = await guard.check(authorization)
  return checked.kind === 'caller' ? 200 : checked.status
}

async function msUntil(status: number, guard: Guard, authorization: string): Promise<number> {
  const started = performance.now()
  while ((await statusOf(guard, authorization)) !== status) await pause(5)
  return performance.now() - started
}

describe('what the issuer revokes', () => {
  test.each([
    ['grant', 'gra_1'],
    ['person', 'per_1'],
    ['app', 'app_1'],
    ['session', 'ses_1'],
    ['token', 'jti-1'],
    ['agent', 'agt_2'],
    ['agent', 'agt_1'],
  ] as const)('G7: %s %s is refused within a second', async (kind, id) => {
    const guard = makeGuard()
    const act = { sub: 'agt_2', act: { sub: 'agt_1' } }
    const authorization = await bearer({ gid: 'gra_1', sid: 'ses_1', jti: 'jti-1', act })
    const other = await bearer({ sub: 'per_9', client_id: 'app_9' })
    expect(await statusOf(guard, authorization)).toBe(200)
    expect(await statusOf(guard, other)).toBe(200)
    await issuer.revoke(kind, id)
    expect(await msUntil(401, guard, authorization)).toBeLessThan(1000)
    expect(await statusOf(guard, other)).toBe(200)
  })

  test('is known to a guard that starts afterwards', async () => {
    const authorization = await bearer({ gid: 'gra_1' })
    await issuer.revoke('grant', 'gra_1')
    expect(await statusOf(makeGuard(), authorization)).toBe(401)
  })

  test('does not touch tokens that were issued later', async () => {
    await issuer.revoke('person', 'per_1')
    const iat = Math.floor(Date.now() / 1000) + 1
    expect(await statusOf(makeGuard(), await bearer({ iat }))).toBe(200)
  })

  test('is not asked for when that is not wanted', async () => {
    const asked: string[] = []
    const guard = makeGuard(false, (url, init) => {
      asked.push(String(url))
      return fetch(url, init)
    })
    await issuer.revoke('grant', 'gra_1')
    expect(await statusOf(guard, await bearer({ gid: 'gra_1' }))).toBe(200)
    expect(asked.filter((url) => url.includes('revocations'))).toEqual([])
  })

  test('arrives by asking when streams do not get through', async () => {
    const refusing = withFeed((url, init) => {
      const accept = new Headers(init?.headers).get('accept')
      return accept === 'text/event-stream'
        ? Promise.resolve(new Response('', { status: 429 }))
        : fetch(url, init)
    })
    const guard = makeGuard({}, refusing)
    const authorization = await bearer({ gid: 'gra_1' })
    expect(await statusOf(guard, authorization)).toBe(200)
    await issuer.revoke('grant', 'gra_1')
    expect(await msUntil(401, guard, authorization)).toBeLessThan(1000)
  })

  test('arrives although a stream keeps it back', async () => {
    const mute = await startServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('event: ready\nid: 0\ndata: {"seq":0}\n\n')
    })
    const guard = makeGuard(
      { staleAfterMs: 600 },
      withFeed((url, init) => {
        const accept = new Headers(init?.headers).get('accept')
        return fetch(accept === 'text/event-stream' ? mute : url, init)
      }),
    )
    const authorization = await bearer({ gid: 'gra_1' })
    expect(await statusOf(guard, authorization)).toBe(200)
    await issuer.revoke('grant', 'gra_1')
    expect(await msUntil(401, guard, authorization)).toBeLessThan(2000)
  })
})

describe('when the feed is silent for too long', () => {
  test('everyone gets a 503, also those who were let in before; with allow they go on', async () => {
    const strict = makeGuard({ staleAfterMs: 500 })
    const lenient = makeGuard({ staleAfterMs: 500, whenStale: 'allow' })
    const authorization = await bearer()
    for (const guard of [strict, lenient]) expect(await statusOf(guard, authorization)).toBe(200)
    issuer.stop()
    await msUntil(503, strict, authorization)
    expect(await strict.check(authorization)).toMatchObject({ headers: { 'retry-after': '1' } })
    expect(await statusOf(lenient, authorization)).toBe(200)
  })

  test('a feed that never answers lets nobody in', async () => {
    const guard = makeGuard(
      {},
      withFeed(() => Promise.reject(new Error('no route'))),
    )
    expect(await statusOf(guard, await bearer())).toBe(503)
  })

  test('a feed of an unknown form lets nobody in', async () => {
    const guard = makeGuard(
      {},
      withFeed(async () => Response.json({ seq: 1, revocations: [{ hash: 1 }] })),
    )
    expect(await statusOf(guard, await bearer())).toBe(503)
  })

  test('and comes back, callers are let in again', async () => {
    let isDown = false
    const guard = makeGuard(
      { staleAfterMs: 500 },
      withFeed((url, init) => (isDown ? Promise.reject(new Error('down')) : fetch(url, init))),
    )
    const authorization = await bearer()
    expect(await statusOf(guard, authorization)).toBe(200)
    isDown = true
    // The open stream says nothing for longer than that, and asking beside it fails: it is cut.
    await msUntil(503, guard, authorization)
    isDown = false
    await msUntil(200, guard, authorization)
  })
})

test('a guard that was closed asks no more', async () => {
  let asked = 0
  const guard = makeGuard({}, (url, init) => {
    asked++
    return fetch(url, init)
  })
  await guard.ready()
  await guard[Symbol.asyncDispose]()
  await pause(100)
  const before = asked
  await pause(1200)
  expect(asked).toBe(before)
})

/** The network, with another way to the feed. */
function withFeed(toFeed: typeof fetch): typeof fetch {
  return (url, init) => (String(url).includes('/revocations') ? toFeed(url, init) : fetch(url, init))
}

async function startServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
