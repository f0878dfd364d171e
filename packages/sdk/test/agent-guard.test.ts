import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAgent, userBuilder, type Agent, type AgentOptions } from '../src/agent/index.ts'
import * as forExpress from '../src/express.ts'
import * as forFastify from '../src/fastify.ts'
import * as forHono from '../src/hono.ts'
import { callerOf, chainOf, type AuthInfo } from '../src/index.ts'
import * as forNode from '../src/node.ts'
import { startTestIssuer, type TestIssuer } from './test-issuer.ts'

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await startTestIssuer()
})
afterAll(() => issuer[Symbol.asyncDispose]())

const CARD = { name: 'Planner', description: 'Plans.', version: '1', skills: [] }
const URL_OF_AGENT = 'https://planner.example/a2a'
const send = (message: object = {}, method = 'SendMessage') =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { message } })

/** What the tests look at of a request behind the guard. */
type Start = (agent: Agent, onCall: (request: any) => void) => Promise<{ port: number; close(): unknown }>

const STARTS: Readonly<Record<string, Start>> = {
  async node(agent, onCall) {
    const server = createServer(
      forNode.protect(agent, (request, response) => {
        onCall(request)
        response.end('{}')
      }),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },
  async hono(agent, onCall) {
    const app = new Hono<{ Variables: { auth: AuthInfo } }>()
    app.use(forHono.serveMetadata(agent))
    app.all('/a2a/*', forHono.protect(agent), (context) => {
      onCall({ headers: context.req.header(), auth: context.get('auth') })
      return context.json({})
    })
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },
  async fastify(agent, onCall) {
    const app = Fastify()
    app.addHook('onRequest', forFastify.serveMetadata(agent))
    for (const path of ['/a2a', '/a2a/*'])
      app.all(path, forFastify.protect(agent), async (request) => {
        onCall(request.raw)
        return {}
      })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },
  async express(agent, onCall) {
    const app = express()
    app.use(forExpress.serveMetadata(agent))
    app.use('/a2a', forExpress.protect(agent), (request, response) => {
      onCall(request)
      response.end('{}')
    })
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },
}

describe.each(Object.entries(STARTS))('B2: an agent with %s', (_name, start) => {
  async function open(options: Partial<AgentOptions> = {}) {
    const agent = createAgent({ hub: issuer.url, url: URL_OF_AGENT, card: CARD, ...options })
    const calls: any[] = []
    const server = await start(agent, (request) => calls.push(request))
    const url = `http://127.0.0.1:${server.port}`
    const post = async (body: string, claims?: object) => {
      const token = claims && (await issuer.mint({ aud: URL_OF_AGENT, ...claims }))
      return fetch(`${url}/a2a`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        body,
      })
    }
    const close = async () => {
      await server.close()
      await agent[Symbol.asyncDispose]()
    }
    return { agent, calls, url, post, [Symbol.asyncDispose]: close }
  }

  test('B2: shows its card to everybody, with how callers prove themselves, and nothing else', async () => {
    await using opened = await open()
    const response = await fetch(`${opened.url}/.well-known/agent-card.json`)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('max-age=300')
    expect(await response.json()).toMatchObject({
      ...CARD,
      supportedInterfaces: [{ url: URL_OF_AGENT, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
      securitySchemes: { hub: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      securityRequirements: [{ schemes: { hub: { list: [] } } }],
    })
    const metadata = await fetch(`${opened.url}/.well-known/oauth-protected-resource/a2a`)
    expect(await metadata.json()).toMatchObject({
      resource: URL_OF_AGENT,
      authorization_servers: [issuer.url],
    })
    for (const path of ['/a2a', '/a2a/.well-known/agent-card.json', '/a2a/x']) {
      const refused = await fetch(opened.url + path)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toContain(
        'resource_metadata="https://planner.example/.well-known/oauth-protected-resource/a2a"',
      )
    }
    expect(opened.calls).toEqual([])
  })

  test('B2: knows its caller by the header, and by nothing in the message', async () => {
    await using opened = await open()
    const claims = {
      sub: 'per_1',
      client_id: 'desk',
      act: { sub: 'agt_b', act: { sub: 'agt_a' } },
      gid: 'gra_1',
    }
    const body = send({
      metadata: { 'urn:parley:a2a:caller:1': { chain: [{ kind: 'person', id: 'per_2' }] } },
    })
    expect((await opened.post(body)).status).toBe(401)
    expect((await opened.post(body, { aud: 'https://other.example/a2a' })).status).toBe(401)
    expect(opened.calls).toEqual([])
    expect((await opened.post(body, claims)).status).toBe(200)
    const user = await userBuilder(opened.calls[0])
    expect(user).toMatchObject({ isAuthenticated: true, userName: 'per_1 desk agt_a agt_b' })
    expect(callerOf(user)).toMatchObject({ person: 'per_1', grant: 'gra_1', scopes: [] })
    expect(JSON.stringify(opened.calls[0].headers)).not.toContain('Bearer')
  })

  test('wants for a message what its skill needs, and for one without a skill what all of them need', async () => {
    await using opened = await open({
      scopes: { look: 'Look', book: 'Book', admin: 'Everything' },
      skills: { search: 'look', buy: { scopes: ['book'], stepUp: { maxAgeSeconds: 60 } } },
      skillOf: (message) => (message['metadata'] as any)?.skill,
    })
    const of = (skill: string) => send({ metadata: { skill } })
    expect((await opened.post(of('search'), { scope: 'look' })).status).toBe(200)
    const refused = await opened.post(of('buy'), { scope: 'look' })
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('scope="book"')
    const authTime = Math.floor(Date.now() / 1000)
    expect((await opened.post(of('buy'), { scope: 'book', auth_time: authTime - 90 })).status).toBe(401)
    expect((await opened.post(of('buy'), { scope: 'book', auth_time: authTime })).status).toBe(200)
    expect((await opened.post(send(), { scope: 'look', auth_time: authTime })).status).toBe(403)
    expect((await opened.post(send(), { scope: 'look book', auth_time: authTime })).status).toBe(200)
    // One that is not listed needs all scopes; so does the old spelling, a batch, and the bare message of HTTP+JSON.
    expect((await opened.post(of('unheard'), { scope: 'look book' })).status).toBe(403)
    expect((await opened.post(send({}, 'message/stream'), { scope: 'look' })).status).toBe(403)
    expect((await opened.post(`[${of('search')},${of('buy')}]`, { scope: 'look' })).status).toBe(403)
    expect((await opened.post('{"message":{}}', { scope: 'look' })).status).toBe(403)
    expect((await opened.post('{"message', { scope: 'look' })).status).toBe(400)
    // To ask for a task sets off nothing.
    const getTask = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"1"}}'
    expect((await opened.post(getTask, { scope: 'look' })).status).toBe(200)
    expect(opened.calls).toHaveLength(4)
  })
})

test('without the guard there is no caller, and without a credential nobody is asked', async () => {
  await expect(userBuilder({})).rejects.toThrow('mount the guard')
  const agent = createAgent({ hub: issuer.url, url: URL_OF_AGENT })
  const checked = await agent.check(`Bearer ${await issuer.mint({ aud: URL_OF_AGENT })}`)
  if (checked.kind !== 'caller') throw new Error('not let in')
  expect(() => agent.actAs(checked.caller)).toThrow('no credential')
  expect(JSON.stringify(checked)).not.toContain('eyJ')
  await expect(agent.registerCard()).rejects.toThrow('no card')
  expect(agent.card).toBeUndefined()
  await agent[Symbol.asyncDispose]()
})

test('tools and skills are not guarded at once, and a skill needs no scope that is not defined', () => {
  const options = { hub: issuer.url, url: URL_OF_AGENT }
  expect(() => createAgent({ ...options, tools: {}, skills: {} } as AgentOptions)).toThrow('not both')
  expect(() => createAgent({ ...options, skills: { a: 'undefined-scope' } })).toThrow('define it')
})

test.each([
  [{ subject: 'per_1', client: 'desk', actors: [] }, 'per_1 desk'],
  [{ subject: 'per_1', client: 'desk', actors: [{ subject: 'agt_a' }] }, 'per_1 desk agt_a'],
  [
    { subject: 'per_1', client: 'agt_a', actors: [{ subject: 'agt_a' }, { subject: 'desk' }] },
    'per_1 desk agt_a',
  ],
  [{ subject: 'agt_a', client: 'agt_a', actors: [] }, 'agt_a'],
  [{ subject: 'agt_a', client: 'agt_b', actors: [{ subject: 'agt_b' }] }, 'agt_a agt_b'],
])('the chain of a token reads from its beginning: %j', (caller, chain) => {
  expect(chainOf(caller as never).join(' ')).toBe(chain)
})
