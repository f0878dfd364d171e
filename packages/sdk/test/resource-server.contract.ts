import { SignJWT, UnsecuredJWT, base64url } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

export type TokenClaims = Readonly<Record<string, unknown>>

export interface ToolCall {
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** A resource server from outside, and what the suite must know of it. */
export interface ResourceServer extends AsyncDisposable {
  /** Where MCP is spoken; also the resource identifier. */
  readonly url: string
  readonly issuer: string
  /** A token for this server, with the scope that reads and nothing else unless the claims say otherwise. */
  mint(claims?: TokenClaims, header?: Readonly<Record<string, unknown>>): Promise<string>
  /** The issuer's public key, as it is published. */
  readonly publicKey: object
  /** Lets a call that changes something be seen: how many have. */
  changes(): Promise<number>
  /** A grant (`gid`) that tokens can name; any text will do unless this says otherwise. */
  newGrant?(): Promise<string>
  /** How a request is sent to it, when not as the bare message. */
  speak?(message: RpcMessage): { readonly body: object; readonly headers: Readonly<Record<string, string>> }
  /** Cuts off a grant (`gid`). */
  revokeGrant(id: string): Promise<void>
  readonly scopes: {
    /** What every request needs, and a challenge asks for. */
    readonly read: string
    /** Includes `read`. */
    readonly write: string
  }
  readonly read: ToolCall
  /** Changes something, and needs what `write` allows; `missing` is how a challenge names that. */
  readonly write: ToolCall & { readonly missing: string }
  /** Needs `write` and a person who has just signed in with two factors. */
  readonly stepUp?: ToolCall & { readonly acr: string; readonly maxAgeSeconds: number }
}

/** What MCP, RFC 6750, 8707, 9068, 9470 and 9728 ask of a resource server: the same list for every one there is. */
export function describeResourceServer(name: string, start: () => Promise<ResourceServer>): void {
  describe(name, () => {
    let server: ResourceServer
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server[Symbol.asyncDispose]())

    const call = ({ tool, arguments: args }: ToolCall) => rpc('tools/call', { name: tool, arguments: args })
    const post = (
      token: string | undefined,
      message: RpcMessage = rpc('tools/list'),
      more: PostOptions = {},
    ) => {
      const { body, headers } = server.speak?.(message) ?? { body: message, headers: {} }
      return postTo(server.url + (more.query ?? ''), body, {
        ...headers,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...more.headers,
      })
    }
    const now = () => Math.floor(Date.now() / 1000)

    async function expectRefused(token: string, status = 401, error = 'invalid_token'): Promise<void> {
      const before = await server.changes()
      const answer = await post(token, call(server.write))
      expect(answer.status).toBe(status)
      expect(answer.challenge['error']).toBe(error)
      expect(answer.text).not.toContain(token)
      expect(await server.changes()).toBe(before)
    }

    test('a token with the right scope gets its call carried out', async () => {
      const before = await server.changes()
      const answer = await post(await server.mint({ scope: server.scopes.write }), call(server.write))
      expect(answer.status).toBe(200)
      expect(answer.text).not.toContain('"isError":true')
      expect(await server.changes()).toBe(before + 1)
    })

    test('RS1: the metadata names the resource and its issuer', async () => {
      const { origin, pathname } = new URL(server.url)
      for (const path of [pathname, '']) {
        const response = await fetch(`${origin}/.well-known/oauth-protected-resource${path}`)
        expect(response.status).toBe(200)
        const metadata = (await response.json()) as Record<string, unknown>
        expect(metadata['authorization_servers']).toEqual([server.issuer])
        expect(metadata['bearer_methods_supported']).toEqual(['header'])
      }
    })

    test('RS2: a 401 points to the metadata, which is about this resource', async () => {
      const { challenge } = await post(undefined)
      const response = await fetch(challenge['resource_metadata']!)
      expect(((await response.json()) as { resource: string }).resource).toBe(server.url)
    })

    test('RS3, A14: a 401 asks for the least scope', async () => {
      expect((await post(undefined)).challenge['scope']).toBe(server.scopes.read)
      expect((await post('not-a-token')).challenge['scope']).toBe(server.scopes.read)
    })

    test('RS5: no credentials get a 401 without an error code', async () => {
      for (const headers of [{}, { authorization: 'Basic dTpw' }, { authorization: 'DPoP abc' }]) {
        const before = await server.changes()
        const answer = await post(undefined, call(server.write), { headers })
        expect(answer.status).toBe(401)
        expect(answer.challenge['error']).toBeUndefined()
        expect(await server.changes()).toBe(before)
      }
    })

    test.each(['Bearer', 'Bearer a b', 'Bearer "a"', `Bearer ${'x'.repeat(9000)}`, 'Bearer é'])(
      'RS5: malformed credentials get a 400: %.20s',
      async (authorization) => {
        const answer = await post(undefined, call(server.write), { headers: { authorization } })
        expect(answer.status).toBe(400)
        expect(answer.challenge['error']).toBe('invalid_request')
      },
    )

    test('RS5: an expired token gets a 401', async () => {
      await expectRefused(await server.mint({ scope: server.scopes.write, exp: now() - 300 }))
    })

    test('RS4, A13: a token for anyone else is refused', async () => {
      const scope = server.scopes.write
      const { origin } = new URL(server.url)
      for (const aud of [origin, `${server.url}/more`, 'https://other.example/mcp', undefined, []]) {
        await expectRefused(await server.mint({ scope, aud }))
      }
      await expectRefused(await server.mint({ scope, aud: [server.url, 'https://other.example/mcp'] }))
      await expectRefused(await server.mint({ scope, iss: `${server.issuer}/` }))
    })

    test('A13: what is no access token is refused', async () => {
      const scope = server.scopes.write
      for (const typ of ['JWT', 'id_token+jwt', 'txntoken+jwt', undefined]) {
        await expectRefused(await server.mint({ scope }, { typ }))
      }
      for (const claim of ['sub', 'client_id', 'jti', 'iat', 'exp']) {
        await expectRefused(await server.mint({ scope, [claim]: undefined }))
      }
    })

    test('A13: unsigned, wrongly signed and tampered tokens are refused', async () => {
      const token = await server.mint({ scope: server.scopes.write })
      const [header, payload, signature] = token.split('.') as [string, string, string]
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
      const kid = (server.publicKey as { kid: string }).kid
      const secret = new TextEncoder().encode(JSON.stringify(server.publicKey))
      const hmac = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(secret)
      const swapped = base64url.encode(JSON.stringify({ ...claims, sub: 'per_2' }))
      await expectRefused(new UnsecuredJWT(claims).encode())
      await expectRefused(`${base64url.encode('{"alg":"none","typ":"at+jwt"}')}.${payload}.`)
      await expectRefused(await hmac)
      await expectRefused(`${header}.${swapped}.${signature}`)
      await expectRefused(`${header}.${payload}.`)
    })

    test('A13: an unknown critical header, an unknown key and a token bound to a key are refused', async () => {
      const scope = server.scopes.write
      await expectRefused(await server.mint({ scope }, { crit: ['x-new'], 'x-new': true }))
      await expectRefused(await server.mint({ scope }, { crit: ['b64'], b64: true }))
      await expectRefused(await server.mint({ scope }, { kid: 'unknown' }))
      await expectRefused(await server.mint({ scope, cnf: { jkt: 'x' } }))
    })

    test('R22: a clock that is a minute off is tolerated, five are not', async () => {
      const scope = server.scopes.write
      const isFine = async (claims: TokenClaims) =>
        expect((await post(await server.mint({ scope, ...claims }))).status).toBe(200)
      await isFine({ iat: now() + 50 })
      await isFine({ iat: now() - 600, exp: now() - 50 })
      await expectRefused(await server.mint({ scope, iat: now() + 300, exp: now() + 600 }))
      await expectRefused(await server.mint({ scope, nbf: now() + 300 }))
    })

    test('RS5, RS6, A14: a call beyond the scope gets a 403 that names only what is missing', async () => {
      const token = await server.mint()
      const before = await server.changes()
      for (let time = 0; time < 2; time++) {
        const { status, challenge } = await post(token, call(server.write))
        expect(status).toBe(403)
        expect(challenge['error']).toBe('insufficient_scope')
        expect(challenge['scope']).toBe(server.write.missing)
        expect(challenge['resource_metadata']).toContain('/.well-known/oauth-protected-resource')
      }
      expect(await server.changes()).toBe(before)
      expect((await post(token, call(server.read))).status).toBe(200)
    })

    test('A14: what a call needs is decided on its body, whatever the headers say', async () => {
      const before = await server.changes()
      const headers = { 'mcp-method': 'tools/list', 'mcp-name': server.read.tool }
      const answer = await post(await server.mint(), call(server.write), { headers })
      expect([400, 403]).toContain(answer.status)
      expect(await server.changes()).toBe(before)
    })

    test('A14: a token without any scope gets a 403', async () => {
      const { status, challenge } = await post(await server.mint({ scope: undefined }), call(server.read))
      expect(status).toBe(403)
      expect(challenge['scope']).toBe(server.scopes.read)
    })

    test('RS7: a scope stands for those that it includes', async () => {
      const token = await server.mint({ scope: server.scopes.write })
      expect((await post(token, call(server.read))).status).toBe(200)
    })

    test('RS8: offline_access is asked for nowhere', async () => {
      const { challenge } = await post(undefined)
      const metadata = await (await fetch(challenge['resource_metadata']!)).text()
      expect(JSON.stringify(challenge) + metadata).not.toContain('offline_access')
    })

    test('RS9: the spelling of scheme and host, and a slash at the end, make no difference', async () => {
      const shouted = server.url.replace('http://localhost', 'HTTP://LOCALHOST')
      for (const aud of [shouted, [server.url], `${server.url}/`]) {
        const answer = await post(await server.mint({ aud }))
        expect(answer.status, String(aud)).toBe(200)
      }
      expect(server.url.endsWith('/')).toBe(false)
    })

    test('RS10, A15: a token in the address is not accepted', async () => {
      const before = await server.changes()
      const token = await server.mint({ scope: server.scopes.write })
      const query = `?access_token=${token}`
      expect((await post(undefined, call(server.write), { query })).status).toBe(401)
      expect((await post(token, call(server.write), { query })).status).toBe(400)
      expect(await server.changes()).toBe(before)
    })

    test('A15: no refusal may be kept', async () => {
      for (const token of [undefined, 'x', await server.mint({ scope: undefined })]) {
        expect((await post(token, call(server.write))).headers.get('cache-control')).toContain('no-store')
      }
    })

    test('RS12: a session is no credential', async () => {
      const before = await server.changes()
      const headers = { 'mcp-session-id': 'f0000000-0000-4000-8000-000000000000' }
      expect((await post(undefined, call(server.write), { headers })).status).toBe(401)
      expect(await server.changes()).toBe(before)
    })

    test('G7: what is revoked is refused within a second, and nothing else is', async () => {
      const scope = server.scopes.write
      const [gone, stays] = [
        (await server.newGrant?.()) ?? 'gra_revoked',
        (await server.newGrant?.()) ?? 'gra_other',
      ]
      const revoked = await server.mint({ scope, gid: gone })
      const other = await server.mint({ scope, gid: stays })
      for (const token of [revoked, other]) expect((await post(token)).status).toBe(200)
      await server.revokeGrant(gone)
      const deadline = performance.now() + 1000
      while ((await post(revoked)).status === 200 && performance.now() < deadline) await pause(10)
      await expectRefused(revoked)
      expect((await post(other)).status).toBe(200)
    })

    test('RFC 9470: a call that needs a fresh sign-in says which', async (context) => {
      if (!server.stepUp) return context.skip()
      const { acr, maxAgeSeconds } = server.stepUp
      const scope = server.scopes.write
      for (const signIn of [
        {},
        { acr: 'urn:parley:1fa', auth_time: now() },
        { acr, auth_time: now() - maxAgeSeconds - 60 },
        { acr },
      ]) {
        const { status, challenge } = await post(await server.mint({ scope, ...signIn }), call(server.stepUp))
        expect(status).toBe(401)
        expect(challenge['error']).toBe('insufficient_user_authentication')
        expect(challenge['acr_values']).toBe(acr)
        expect(challenge['max_age']).toBe(String(maxAgeSeconds))
      }
      for (const strong of [acr, 'urn:parley:passkey']) {
        const token = await server.mint({ scope, acr: strong, auth_time: now() })
        expect((await post(token, call(server.stepUp))).status).toBe(200)
      }
    })
  })
}

interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
}

export interface RpcMessage {
  readonly jsonrpc: '2.0'
  readonly id: number
  readonly method: string
  readonly params: object
}

function rpc(method: string, params: object = {}): RpcMessage {
  return { jsonrpc: '2.0', id: 1, method, params }
}

async function postTo(url: string, body: unknown, headers: Readonly<Record<string, string>>) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
      ...headers,
    },
    body: JSON.stringify(body),
  })
  const challenge = readChallenge(response.headers.get('www-authenticate') ?? '')
  return { status: response.status, headers: response.headers, challenge, text: await response.text() }
}

function readChallenge(header: string): Record<string, string> {
  expect(header).toMatch(/^(Bearer .*)?$/)
  return Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
