import { afterEach, expect, test } from 'vitest'
import { createGuard, type Caller, type Guard } from '@parley/sdk'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { APP, BY, PERSON, grantsOf } from './granting-hub.ts'
import { legacyCall, openSession, sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

interface Seen {
  readonly method: string
  readonly authorization: string
  readonly caller: Caller
  readonly headers: IncomingMessage['headers']
}

/** A server outside the hub whose guard trusts the hub: nobody gets in without a token for it, the hub itself included. */
class TrustingServer {
  readonly seen: Seen[] = []
  refused = 0
  guard: Guard | undefined
  readonly #server: Server

  constructor() {
    this.#server = createServer((req, res) => {
      let text = ''
      req.on('data', (chunk: Buffer) => (text += chunk.toString()))
      req.on('end', async () => {
        const authorization = req.headers.authorization ?? ''
        const checked = await this.guard?.check(authorization, req.url)
        if (checked?.kind !== 'caller') {
          this.refused++
          res.writeHead(checked?.status ?? 503, checked?.headers).end(checked?.body)
          return
        }
        const { id, method } = JSON.parse(text) as { id: number; method: string }
        this.seen.push({ method, authorization, caller: checked.caller, headers: req.headers })
        res.writeHead(200, { 'content-type': 'application/json' })
        res.end(JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(method) }))
      })
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`
  }

  async close(): Promise<void> {
    await this.guard?.[Symbol.asyncDispose]()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function resultOf(method: string): object {
  const common = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }
  if (method === 'server/discover')
    return { ...common, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }
  if (method === 'tools/list')
    return { ...common, tools: [{ name: 'look', inputSchema: { type: 'object' } }] }
  return { ...common, content: [{ type: 'text', text: 'done' }] }
}

let server: TrustingServer
let hub: TestHub
let url: string
afterEach(async () => {
  await hub[Symbol.asyncDispose]()
  await server.close()
})

async function start(hopTokens: boolean): Promise<void> {
  server = new TrustingServer()
  url = await server.listen()
  const setting = hopTokens ? '\n    hopTokens: true' : ''
  hub = await startTestHub(`servers:\n  notes:\n    url: ${url}${setting}\n`)
  server.guard = createGuard({ issuer: hub.url, resource: url })
}

const path = '/mcp/servers/notes'

test('G1, RS11: a server that trusts the hub gets a token of its own for each caller, and never the one that came in', async () => {
  await start(true)
  await until(async () => {
    await hub.api('POST', '/api/servers/notes/refresh', {})
    const { body } = await hub.api('GET', '/api/servers/notes')
    return body.counts?.tools === 1
  })
  expect(server.seen.every(({ caller }) => caller.subject === hub.url)).toBe(true)
  const own = grantsOf(hub)
  const grant = await own.grant(['tool:notes/*'])
  const inbound = own.token(grant, { aud: hub.url + path, acr: 'urn:parley:2fa', auth_time: 1 })
  const caller = own.as(inbound)
  const call = modernRequest('tools/call', { name: 'look', arguments: {} })
  const secrets = { cookie: 'a=b', 'x-forwarded-for': '9.9.9.9', 'proxy-authorization': 'Basic x' }
  for (let time = 0; time < 2; time++)
    expect((await sendRaw(caller, { path, ...call, headers: { ...call.headers, ...secrets } })).status).toBe(
      200,
    )
  const [first, second] = server.seen.filter(({ method }) => method === 'tools/call')
  expect(first!.authorization).not.toContain(inbound)
  expect(first!.authorization).toBe(second!.authorization)
  for (const name of Object.keys(secrets)) expect(first!.headers[name]).toBeUndefined()
  expect(first!.caller).toMatchObject({
    subject: PERSON,
    client: APP,
    grant,
    acr: 'urn:parley:2fa',
  })
  const { claims } = first!.caller
  expect(claims['aud']).toBe(url)
  expect(Number(claims.exp) - Number(claims.iat)).toBeLessThanOrEqual(60)
  expect(claims['txn']).toBeTypeOf('string')

  const other = own.as(own.token(await own.grant(['tool:notes/*']), { aud: hub.url + path }))
  expect((await sendRaw(other, { path, ...call })).status).toBe(200)
  expect(server.seen.at(-1)!.authorization).not.toBe(first!.authorization)
  const session = await openSession(other, {}, path)
  expect((await sendRaw(other, { path, ...legacyCall(session, 'look') })).body.result).toBeDefined()
  expect(server.seen.at(-1)!.caller.grant).toBe(server.seen.at(-2)!.caller.grant)

  const stolen = await sendRaw(own.as(first!.authorization.slice('Bearer '.length)), { path, ...call })
  expect(stolen.status).toBe(401)
})

test('A14: a token that goes on with a call is good for that tool alone', async () => {
  await start(true)
  await until(async () => {
    await hub.api('POST', '/api/servers/notes/refresh', {})
    return (await hub.api('GET', '/api/servers/notes')).body.counts?.tools === 1
  })
  const own = grantsOf(hub)
  const caller = own.as(own.token(await own.grant(['tool:notes/*']), { aud: hub.url + path }))
  const call = modernRequest('tools/call', { name: 'look', arguments: {} })
  expect((await sendRaw(caller, { path, ...call })).status).toBe(200)
  const { authorization, caller: seen } = server.seen.at(-1)!
  expect(seen.capability).toBe('tool:notes/look')
  const guard = createGuard({
    issuer: hub.url,
    resource: url,
    scopes: { use: 'Use it' },
    tools: { look: [], erase: [] },
  })
  const checked = await guard.check(authorization)
  if (checked.kind !== 'caller') throw new Error(checked.body)
  const body = (name: string) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } })
  expect(guard.permit(checked.caller, body('look'))).toBeUndefined()
  expect(guard.permit(checked.caller, body('erase'))).toMatchObject({ kind: 'refused', status: 401 })
  await guard[Symbol.asyncDispose]()
})

test('G7: a guard elsewhere hears within a second that the grant behind a hop token has ended', async () => {
  await start(true)
  await until(async () => {
    await hub.api('POST', '/api/servers/notes/refresh', {})
    return (await hub.api('GET', '/api/servers/notes')).body.counts?.tools === 1
  })
  const own = grantsOf(hub)
  const grant = await own.grant(['tool:notes/*'])
  const caller = own.as(own.token(grant, { aud: hub.url + path }))
  await sendRaw(caller, { path, ...modernRequest('tools/call', { name: 'look', arguments: {} }) })
  const { authorization } = server.seen.at(-1)!
  const before = performance.now()
  await hub.hub.grants.revoke(grant, BY)
  await until(async () => (await server.guard!.check(authorization)).kind === 'refused')
  expect(performance.now() - before).toBeLessThan(1000)
})

test('G1: a server that was not named in the file as one that trusts the hub gets no token at all', async () => {
  await start(false)
  await hub.api('POST', '/api/servers/notes/refresh', {})
  await until(() => server.refused > 0)
  expect(server.seen).toEqual([])
})
