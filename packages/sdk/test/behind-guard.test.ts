import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callerOf, createGuard, type AuthInfo, type Guard } from '../src/index.ts'
import * as forFastify from '../src/fastify.ts'
import * as forHono from '../src/hono.ts'
import * as forNode from '../src/node.ts'
import { startTestIssuer, type TestIssuer } from './test-issuer.ts'

const resource = 'https://notes.example/mcp'

/** What a handler behind the guard can see of a request. */
interface Seen {
  readonly headers: Record<string, unknown>
  readonly auth: AuthInfo
  readonly body: unknown
}
type Start = (guard: Guard, see: (seen: Seen) => void) => Promise<{ port: number; close(): unknown }>

const STARTS: Readonly<Record<string, Start>> = {
  async node(guard, see) {
    const server = createServer(
      forNode.protect(guard, ({ headers, rawHeaders: _, auth, body }, response) => {
        see({ headers, auth, body })
        response.end()
      }),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },
  async hono(guard, see) {
    const app = new Hono<{ Variables: { auth: AuthInfo } }>()
    app.all('/mcp', forHono.protect(guard), async (context) => {
      see({ headers: context.req.header(), auth: context.get('auth'), body: await context.req.json() })
      return context.body('')
    })
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },
  async fastify(guard, see) {
    const app = Fastify()
    app.all('/mcp', forFastify.protect(guard), async (request) => {
      const { auth } = request.raw as unknown as { auth: AuthInfo }
      see({ headers: request.headers, auth, body: request.body })
      return ''
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },
}

describe.each(Object.entries(STARTS))('behind the guard of %s', (_name, start) => {
  let issuer: TestIssuer
  let guard: Guard
  let server: { port: number; close(): unknown }
  const seen: Seen[] = []
  beforeAll(async () => {
    issuer = await startTestIssuer()
    guard = createGuard({ issuer: issuer.url, resource, tools: {} })
    server = await start(guard, (one) => seen.push(one))
  })
  afterAll(async () => {
    await server.close()
    await guard[Symbol.asyncDispose]()
    await issuer[Symbol.asyncDispose]()
  })

  async function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    seen.length = 0
    const authorization = `Bearer ${await issuer.mint({ aud: resource })}`
    const all = { authorization, 'content-type': 'application/json', ...headers }
    return fetch(`http://localhost:${server.port}/mcp`, { method: 'POST', headers: all, body })
  }

  test('RS4, RS11: the caller is there, and the token is not', async () => {
    expect((await post('{"jsonrpc":"2.0"}')).status).toBe(200)
    expect(callerOf(seen[0]!.auth).subject).toBe('per_1')
    expect(seen[0]!.body).toEqual({ jsonrpc: '2.0' })
    expect(seen[0]!.headers['content-type']).toBe('application/json')
    expect(JSON.stringify(seen)).not.toContain('eyJ')
    expect(seen[0]!.headers['authorization']).toBeUndefined()
  })

  test.each([
    ['no JSON', 'tools/call', {}, [400]],
    ['nothing', '', {}, [400]],
    ['an encoding that is not undone', 'x', { 'content-encoding': 'gzip' }, [415, 400]],
    ['more than the limit', `"${'x'.repeat(4 * 1_048_576)}"`, {}, [413]],
  ])('a body of %s does not get there', async (_what, body, headers, statuses) => {
    expect(statuses).toContain((await post(body, headers as Record<string, string>)).status)
    expect(seen).toEqual([])
  })
})

test('a tool without a guard before it has no caller', () => {
  expect(() => callerOf(undefined)).toThrow('mount the guard')
  expect(() => callerOf({ extra: {} })).toThrow('mount the guard')
})
