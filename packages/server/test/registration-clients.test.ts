import { generateKeyPairSync } from 'node:crypto'
import { auth as authV2 } from '@modelcontextprotocol/client'
import { auth as authV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { exportJWK, importJWK, type JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { getPersonTokens } from './app-flow.ts'
import { startDocumentHost } from './document-host.ts'
import { decide, type PageVisitor } from './page-visitor.ts'
import { startClientHub } from './start-client-hub.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const REDIRECT = 'http://127.0.0.1:43123/callback'
const METADATA = {
  client_name: 'Cursor',
  redirect_uris: [REDIRECT],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
}

async function openHub() {
  const host = await startDocumentHost()
  const hub = await startClientHub({ hosts: [host.host] })
  onTestFinished(() => hub[Symbol.asyncDispose]())
  return { ...hub, host }
}

/** What an MCP application keeps, and the browser it opens. */
class SdkProvider {
  readonly redirectUrl = REDIRECT
  readonly clientMetadata = METADATA
  readonly clientMetadataUrl?: string
  readonly visitor: PageVisitor
  information: any
  kept: any
  verifier = ''
  callback: URL | undefined
  redirects = 0

  constructor(visitor: PageVisitor, clientMetadataUrl?: string, information?: object) {
    this.visitor = visitor
    this.information = information
    if (clientMetadataUrl !== undefined) this.clientMetadataUrl = clientMetadataUrl
  }

  clientInformation() {
    return this.information
  }

  saveClientInformation(information: object) {
    this.information = information
  }

  tokens() {
    return this.kept
  }

  saveTokens(tokens: object) {
    this.kept = tokens
  }

  codeVerifier() {
    return this.verifier
  }

  saveCodeVerifier(verifier: string) {
    this.verifier = verifier
  }

  async redirectToAuthorization(url: URL) {
    this.redirects++
    this.callback = await decide(this.visitor, await this.visitor.open(url.href))
  }
}

const SDKS: [string, (provider: SdkProvider, options: any) => Promise<string>][] = [
  ['MCP SDK v1', (provider, options) => authV1(provider as never, options)],
  ['MCP SDK v2', (provider, options) => authV2(provider as never, options)],
]

describe.each(SDKS)('%s gets in', (_, auth) => {
  async function connect(hub: Awaited<ReturnType<typeof openHub>>, provider: SdkProvider) {
    const serverUrl = `${hub.url}/mcp`
    expect(await auth(provider, { serverUrl })).toBe('REDIRECT')
    const answer = provider.callback!.searchParams
    const iss = answer.get('iss') ?? undefined
    expect(await auth(provider, { serverUrl, authorizationCode: answer.get('code'), iss })).toBe('AUTHORIZED')
    const claims = hub.identity.verifyToken(provider.kept.access_token)!
    expect(claims).toMatchObject({ aud: serverUrl, sub: hub.person })
    const before = provider.kept.access_token
    expect(await auth(provider, { serverUrl })).toBe('AUTHORIZED')
    expect(provider.kept.access_token).not.toBe(before)
    expect(provider.redirects).toBe(1)
    expect(hub.errors()).toEqual([])
    return claims
  }

  test('AS7: by registration', async () => {
    const hub = await openHub()
    const provider = new SdkProvider(hub.visitor)
    const claims = await connect(hub, provider)
    expect(claims.client_id).toBe(provider.information.client_id)
    expect(hub.clients.findApp(claims.client_id)).toMatchObject({
      source: 'dcr',
      lastUsedAt: expect.any(Number),
    })
  })

  test('AS4: by its metadata document, without application_type and at any loopback port', async () => {
    const hub = await openHub()
    const url = `${hub.host.origin}/client.json`
    hub.host.serve('/client.json', {
      ...METADATA,
      client_id: url,
      redirect_uris: ['http://127.0.0.1/callback'],
    })
    const provider = new SdkProvider(hub.visitor, url)
    const claims = await connect(hub, provider)
    expect(claims.client_id).toBe(url)
    expect(hub.clients.findApp(url)).toMatchObject({ source: 'cimd', name: 'Cursor' })
    expect(hub.host.asked).toEqual(['/client.json'])
  })

  test('pre-registered, with a secret', async () => {
    const hub = await openHub()
    const { app, secret } = await hub.clients.apps.create(
      { ...METADATA, token_endpoint_auth_method: 'client_secret_basic' },
      'key_admin',
    )
    const information = { client_id: app.clientId, client_secret: secret }
    await connect(hub, new SdkProvider(hub.visitor, undefined, information))
  })
})

describe('oauth4webapi and openid-client', () => {
  test('AS4, AS7: both ways in are in the metadata', async () => {
    const { as, url } = await openHub()
    expect(as['client_id_metadata_document_supported']).toBe(true)
    expect(as.registration_endpoint).toBe(`${url}/oauth/register`)
  })

  test('AS7: a registered confidential client proves itself with its secret, and not without', async () => {
    const hub = await openHub()
    const response = await oauth.dynamicClientRegistrationRequest(
      hub.as,
      { redirect_uris: [REDIRECT], token_endpoint_auth_method: 'client_secret_post', client_name: 'Cursor' },
      insecure,
    )
    const client = await oauth.processDynamicClientRegistrationResponse(response)
    const flow = { as: hub.as, client, redirectUri: REDIRECT, visitor: hub.visitor }
    await expect(getPersonTokens(flow)).rejects.toMatchObject({ error: 'invalid_client' })
    const proof = oauth.ClientSecretPost(client['client_secret'] as string)
    expect((await getPersonTokens({ ...flow, proof })).access_token).toBeDefined()
  })

  test('AS7: openid-client registers and gets tokens', async () => {
    const hub = await openHub()
    const config = await openid.dynamicClientRegistration(
      new URL(hub.url),
      { ...METADATA, scope: 'mcp' },
      openid.None(),
      { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' },
    )
    const verifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'state',
      resource: `${hub.url}/mcp`,
    })
    const callback = await decide(hub.visitor, await hub.visitor.open(url.href))
    const tokens = await openid.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: verifier,
      expectedState: 'state',
    })
    const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token!)
    expect(hub.identity.verifyToken(renewed.access_token)).toMatchObject({ sub: hub.person })
  })

  test.each(['jwks', 'jwks_uri'] as const)('A12, A17: a document with %s needs its key', async (member) => {
    const hub = await openHub()
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const publicKey: JWK = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }
    const jwks = { keys: [publicKey] }
    const url = `${hub.host.origin}/client.json`
    const keys = member === 'jwks' ? { jwks } : { jwks_uri: hub.host.serve('/jwks', jwks) }
    hub.host.serve('/client.json', {
      ...METADATA,
      ...keys,
      client_id: url,
      token_endpoint_auth_method: 'private_key_jwt',
    })
    const client = { client_id: url }
    const flow = { as: hub.as, client, redirectUri: REDIRECT, visitor: hub.visitor }
    await expect(getPersonTokens(flow)).rejects.toMatchObject({ error: 'invalid_client' })
    const key = await importJWK(await exportJWK(pair.privateKey), 'ES256')
    const proof = oauth.PrivateKeyJwt({ key: key as never, kid: 'one' })
    const tokens = await getPersonTokens({ ...flow, proof })
    expect(hub.identity.verifyToken(tokens.access_token)).toMatchObject({ client_id: url })
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const foreign = await importJWK(await exportJWK(other.privateKey), 'ES256')
    const wrong = oauth.PrivateKeyJwt({ key: foreign as never, kid: 'one' })
    await expect(getPersonTokens({ ...flow, proof: wrong })).rejects.toMatchObject({
      error: 'invalid_client',
    })
  })
})

describe('A9, A10, A12: what a person sees, and what never happens', () => {
  const authorize = (hub: Awaited<ReturnType<typeof openHub>>, clientId: string, redirectUri = REDIRECT) => {
    const url = new URL(hub.as.authorization_endpoint!)
    url.search = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    }).toString()
    return hub.visitor.open(url.href)
  }

  test('A9: a name is text, and proves nothing', async () => {
    const hub = await openHub()
    const register = async (name: string) => {
      const response = await oauth.dynamicClientRegistrationRequest(
        hub.as,
        { ...METADATA, client_name: name, redirect_uris: ['https://evil.example/cb'] },
        insecure,
      )
      return (await oauth.processDynamicClientRegistrationResponse(response)).client_id
    }
    const page = await authorize(hub, await register('Claude'), 'https://evil.example/cb')
    expect(page.text).toContain('evil.example')
    expect(page.text.toLowerCase()).toContain('unverified')
    const scripted = await authorize(
      hub,
      await register('<img src=x onerror=alert(1)>'),
      'https://evil.example/cb',
    )
    expect(scripted.text).not.toContain('<img src=x')
    expect(scripted.text).toContain('&lt;img src=x')
    const turned = await authorize(hub, await register('Cla\u202eude'), 'https://evil.example/cb')
    expect(turned.text).not.toContain('\u202e')
  })

  test('A12: a document that cannot be had is a page with the reason, and no redirect', async () => {
    const hub = await openHub()
    for (const [path, document] of [
      ['/none', undefined],
      ['/other', { ...METADATA, client_id: 'https://evil.example/c' }],
    ] as const) {
      if (document) hub.host.serve(path, document)
      const page = await authorize(hub, hub.host.origin + path)
      expect(page.status).toBe(400)
      expect(page.url).toContain(hub.url)
      expect(page.text).toContain('metadata document')
    }
    expect(hub.clients.apps.list().map(({ source }) => source)).not.toContain('cimd')
    expect(hub.errors()).toEqual([])
  })

  test('A1, A2: the redirect is one of the document’s, loopback at any port', async () => {
    const hub = await openHub()
    const url = `${hub.host.origin}/client.json`
    hub.host.serve('/client.json', {
      ...METADATA,
      client_id: url,
      redirect_uris: ['http://127.0.0.1/callback', 'https://app.example/cb'],
    })
    for (const wrong of [
      'http://127.0.0.1:1/callback/',
      'http://127.0.0.1:1/Callback',
      'http://localhost.attacker.test/callback',
      'http://localhost:1/callback',
      'https://app.example:444/cb',
      'https://app.example/cb?x=1',
      'https://app.example/cb/../cb',
    ]) {
      const page = await authorize(hub, url, wrong)
      expect([page.status, page.url.startsWith(hub.url)]).toEqual([400, true])
    }
    expect((await authorize(hub, url, 'http://127.0.0.1:65000/callback')).status).toBe(200)
  })

  test('G7: a suspended app is refused, refresh included', async () => {
    const hub = await openHub()
    const response = await oauth.dynamicClientRegistrationRequest(hub.as, METADATA, insecure)
    const client = await oauth.processDynamicClientRegistrationResponse(response)
    const tokens = await getPersonTokens({ as: hub.as, client, redirectUri: REDIRECT, visitor: hub.visitor })
    await hub.clients.apps.suspend(hub.clients.findApp(client.client_id)!.id, 'key_admin')
    expect(hub.identity.verifyToken(tokens.access_token)).toBeUndefined()
    const refresh = await oauth.refreshTokenGrantRequest(
      hub.as,
      client,
      oauth.None(),
      tokens.refresh_token!,
      insecure,
    )
    expect(await refresh.json()).toMatchObject({ error: 'invalid_client' })
    const page = await authorize(hub, client.client_id)
    expect(page.status).toBe(400)
    expect(page.text).toContain('suspended')
  })
})
