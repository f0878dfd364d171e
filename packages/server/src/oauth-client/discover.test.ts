import { expect, test } from 'vitest'
import { startCanary } from '../egress/test-kit.ts'
import { discover } from './discover.ts'
import { metadataOf, startPeer, testHttp } from './test-kit.ts'

const challenge = (resourceMetadata?: string) => ({ resourceMetadata, scope: undefined, error: undefined })

/** A server whose metadata stands at `prmPath` and whose authorization server is itself, below `issuerPath`. */
function peer(prmPath: string, asPath: string, issuerPath = '') {
  return startPeer(({ url }, origin) => {
    const issuer = origin + issuerPath
    if (url === prmPath)
      return { json: { resource: `${origin}/mcp`, authorization_servers: [issuer], scopes_supported: ['a'] } }
    return url === asPath ? { json: metadataOf(issuer) } : undefined
  })
}

const PRM = '/.well-known/oauth-protected-resource'
const AS = '/.well-known/oauth-authorization-server'
const OIDC = '/.well-known/openid-configuration'

test.each([
  ['the address of the challenge', '/elsewhere.json', AS, '', ['/elsewhere.json', AS]],
  ['below the path', `${PRM}/mcp`, AS, '', [`${PRM}/mcp`, AS]],
  ['at the root', PRM, OIDC, '', [`${PRM}/mcp`, PRM, AS, OIDC]],
  ['a tenant, RFC 8414', PRM, `${AS}/t1`, '/t1', [`${PRM}/mcp`, PRM, `${AS}/t1`]],
  ['a tenant, inserted', PRM, `${OIDC}/t1`, '/t1', [`${PRM}/mcp`, PRM, `${AS}/t1`, `${OIDC}/t1`]],
  [
    'a tenant, appended',
    PRM,
    `/t1${OIDC}`,
    '/t1',
    [`${PRM}/mcp`, PRM, `${AS}/t1`, `${OIDC}/t1`, `/t1${OIDC}`],
  ],
])('CL1, CL2: metadata is found in order: %s', async (_, ...[prmPath, asPath, issuerPath, urls]) => {
  await using server = await peer(prmPath, asPath, issuerPath)
  await using http = testHttp(`${server.origin}/mcp`)
  const header = prmPath.startsWith(PRM) ? undefined : server.origin + prmPath
  const found = await discover(http, { serverUrl: `${server.origin}/mcp`, challenge: challenge(header) })
  expect(found.server.issuer).toBe(server.origin + issuerPath)
  expect(found.resource).toMatchObject({ resource: `${server.origin}/mcp`, scopes: ['a'] })
  expect(server.urls()).toEqual(urls)
})

test('CL2: metadata of another issuer is not used', async () => {
  await using server = await startPeer(({ url }, origin) =>
    url.startsWith(PRM)
      ? { json: { resource: `${origin}/mcp`, authorization_servers: [origin] } }
      : { json: { ...metadataOf(origin), issuer: 'https://honest.example' } },
  )
  await using http = testHttp(`${server.origin}/mcp`)
  await expect(
    discover(http, { serverUrl: `${server.origin}/mcp`, challenge: undefined }),
  ).rejects.toMatchObject({ code: 'upstream_invalid' })
})

test('CL2: an issuer that differs by a slash is another one', async () => {
  await using server = await startPeer(({ url }, origin) =>
    url.startsWith(PRM)
      ? { json: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/`] } }
      : { json: metadataOf(origin) },
  )
  await using http = testHttp(`${server.origin}/mcp`)
  await expect(
    discover(http, { serverUrl: `${server.origin}/mcp`, challenge: undefined }),
  ).rejects.toMatchObject({ code: 'upstream_invalid' })
})

test.each([
  ['absent', undefined],
  ['plain alone', ['plain']],
])('CL3: an authorization server is refused when PKCE is %s', async (_, methods) => {
  await using server = await startPeer(({ url }, origin) =>
    url.startsWith(PRM)
      ? { json: { resource: `${origin}/mcp`, authorization_servers: [origin] } }
      : { json: metadataOf(origin, { code_challenge_methods_supported: methods }) },
  )
  await using http = testHttp(`${server.origin}/mcp`)
  await expect(discover(http, { serverUrl: `${server.origin}/mcp`, challenge: undefined })).rejects.toThrow(
    /PKCE/,
  )
})

test.each([
  ['another origin', 'https://evil.example/mcp'],
  ['a path beside it', '/mcp2'],
  ['a path below it', '/mcp/deeper'],
  ['a fragment', '/mcp#x'],
])('CL5: metadata about another resource is refused: %s', async (_, resource) => {
  await using server = await startPeer(({ url }, origin) =>
    url.startsWith(PRM)
      ? { json: { resource: new URL(resource, origin).href, authorization_servers: [origin] } }
      : { json: metadataOf(origin) },
  )
  await using http = testHttp(`${server.origin}/mcp`)
  await expect(
    discover(http, { serverUrl: `${server.origin}/mcp`, challenge: undefined }),
  ).rejects.toMatchObject({ code: 'upstream_invalid' })
  expect(server.urls().filter((url) => !url.startsWith(PRM))).toEqual([])
})

test('a server of 2025-03-26 is its own authorization server', async () => {
  await using server = await startPeer(({ url }, origin) =>
    url === AS ? { json: metadataOf(origin) } : undefined,
  )
  await using http = testHttp(`${server.origin}/mcp`)
  const found = await discover(http, { serverUrl: `${server.origin}/mcp`, challenge: challenge() })
  expect(found).toMatchObject({
    server: { issuer: server.origin },
    resource: { resource: `${server.origin}/mcp` },
  })
})

test('CL14: no address that discovery leads to is reached inside the network', async () => {
  const canary = await startCanary((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  const inside = `http://127.0.0.1:${canary.port}`
  await using server = await startPeer(({ url }, origin) => {
    if (url === '/redirect') return { status: 302, headers: { location: `${inside}/secret` } }
    if (url === '/token-inside')
      return { json: { resource: `${origin}/mcp`, authorization_servers: [origin] } }
    if (url.startsWith(PRM)) return { json: { resource: `${origin}/mcp`, authorization_servers: [inside] } }
    return url === AS ? { json: metadataOf(origin, { token_endpoint: `${inside}/token` }) } : undefined
  })
  // Nobody named loopback: only the server's own origin may be reached there.
  await using http = testHttp(`${server.origin}/mcp`, [])
  const targets = [
    undefined,
    `${inside}/prm.json`,
    `http://[::ffff:127.0.0.1]:${canary.port}/`,
    `https://localhost:${canary.port}/`,
    'http://169.254.169.254/latest/meta-data',
    `http://user@127.0.0.1:${canary.port}/`,
    'file:///etc/passwd',
    `${server.origin}/token-inside`,
    `${server.origin}/redirect`,
  ]
  for (const target of targets) {
    const outcome = discover(http, { serverUrl: `${server.origin}/mcp`, challenge: challenge(target) })
    await expect(outcome, String(target)).rejects.toMatchObject({
      code: expect.stringMatching(/^(egress_refused|upstream_invalid)$/),
    })
  }
  expect(canary.connections()).toBe(0)
  await canary.close()
})
