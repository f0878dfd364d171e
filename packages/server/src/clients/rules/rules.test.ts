import { describe, expect, test } from 'vitest'
import { isClientIdUrl } from './check-client-id-url.ts'
import { checkJwks } from './check-jwks.ts'
import { checkRedirectUri } from './check-redirect-uri.ts'
import { checkWebUri } from './check-web-uri.ts'
import { readClientName } from './read-client-name.ts'
import { DOCUMENT_POLICY, REGISTRATION_POLICY, readMetadata } from './read-metadata.ts'

describe('A2, AS9: redirect URIs that may be registered', () => {
  test.each([
    ['https', 'https://app.example.com/callback'],
    ['https', 'https://app.example.com:8443/callback?from=parley'],
    ['https', 'https://app.example.com'],
    ['https-loopback', 'https://localhost:8443/callback'],
    ['loopback', 'http://localhost/callback'],
    ['loopback', 'http://localhost:33418'],
    ['loopback', 'http://127.0.0.1:33418/'],
    ['loopback', 'http://[::1]:6274/oauth/callback'],
    ['app', 'com.example.app:/callback'],
    ['app', 'com.example.app://callback'],
    ['app', 'cursor://anysphere.cursor-retrieval/oauth/user-agent-mcp/callback'],
    ['app', 'vscode://vscode.github-authentication/did-authenticate'],
  ])('%s: %s', (kind, uri) => expect(checkRedirectUri(uri)).toBe(kind))
})

describe('A2, A8, L3: redirect URIs that may not', () => {
  test.each([
    'http://localhost.attacker.test/cb',
    'http://127.0.0.1.nip.io/cb',
    'http://127.0.0.1@evil.test/cb',
    'http://localhost@evil.test/cb',
    'http://localhost:80@evil.test/cb',
    'http://app.example.com/cb',
    'http://127.1/cb',
    'http://0x7f.1/cb',
    'http://2130706433/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://LOCALHOST.evil.test/',
    'http://localhost:99999/cb',
    'http://192.168.1.10/cb',
    'https://user:pass@app.example.com/cb',
    'https://app.example.com/cb#fragment',
    'https://app.example.com/cb#',
    'https://*.example.com/cb',
    'https://app.example.com/*',
    'https://app.example.com/a/../cb',
    'https://app.example.com/a/%2e%2e/cb',
    'https://app.example.com/a\\b',
    'https:app.example.com/cb',
    'https:///app.example.com/cb',
    'https://app.example.com/c b',
    'https://app.example.com/\u0000',
    'https://\u0430pp.example.com/cb',
    ' https://app.example.com/cb',
    'javascript:alert(1)',
    'javascript://app.example.com/%0aalert(1)',
    'JavaScript://x/%0aalert(1)',
    'data:text/html,hello',
    'data://x/y',
    'file:///etc/passwd',
    'vbscript:x',
    'blob:https://app.example.com/x',
    'ftp://app.example.com/cb',
    'ws://app.example.com/cb',
    'mailto:someone@example.com',
    'ms-msdt://x',
    'myapp:callback',
    '/relative',
    'app.example.com/cb',
    '',
    'urn:ietf:wg:oauth:2.0:oob',
    `https://app.example.com/${'a'.repeat(2048)}`,
    7,
    null,
  ])('%s', (uri) =>
    expect(checkRedirectUri(uri)).toMatchObject({ kind: 'problem', error: 'invalid_redirect_uri' }),
  )
})

describe('A9: names are one short line of visible text', () => {
  test.each([
    ['Claude', 'Claude'],
    ['  My \n\t App  ', 'My App'],
    ['Cla\u202eude', 'Claude'],
    ['\u2066Claude\u2069\u200b\ufeff', 'Claude'],
    ['a\u0000b\u001b[31m', 'ab[31m'],
    ['tag\u{e0041}\u{e0042}', 'tag'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['e\u0301', '\u00e9'],
    ['x'.repeat(500), 'x'.repeat(64)],
    ['😀'.repeat(70), '😀'.repeat(64)],
    [`Z${'\u0335'.repeat(50)}`, `Z${'\u0335'.repeat(3)}`],
    ['日本語アプリ', '日本語アプリ'],
  ])('%j becomes %j', (given, shown) => expect(readClientName(given)).toBe(shown))

  test.each(['', '   ', '\u200b\u202e', 7, null, undefined, {}])('%j is no name', (given) =>
    expect(readClientName(given)).toBeUndefined(),
  )
})

describe('A8, L3: other addresses are https or refused', () => {
  test('https', () =>
    expect(checkWebUri('client_uri', 'https://a.example/b?c#d')).toBe('https://a.example/b?c#d'))
  test.each([
    'javascript:alert(1)',
    'http://a.example',
    'data:,x',
    'https://u@a.example',
    'https://',
    'x',
    7,
  ])('%s', (uri) => expect(checkWebUri('logo_uri', uri)).toMatchObject({ error: 'invalid_client_metadata' }))
})

describe('A12: client ID URLs', () => {
  test.each([
    'https://app.example/client.json',
    'https://app.example:8443/a/b?c=d',
    'https://localhost:8443/c',
  ])('%s', (url) => expect(isClientIdUrl(url)).toBe(true))
  test.each([
    'http://app.example/client.json',
    'https://app.example',
    'https://app.example/',
    'https://app.example/#x',
    'https://app.example/c#',
    'https://u:p@app.example/c',
    'https://@app.example/c',
    'https://app.example/a/../c',
    'https://app.example/a/./c',
    'https://app.example/a/%2e%2E/c',
    'https://app.example/..',
    'https://APP.example/c',
    'HTTPS://app.example/c',
    'https://app.example:443/c',
    'https://app.example\\c',
    'https:/app.example/c',
    'https://app.example/c d',
    'https://127.1/c',
    `https://app.example/${'c'.repeat(2048)}`,
  ])('not %s', (url) => expect(isClientIdUrl(url)).toBe(false))
})

const REDIRECT = { redirect_uris: ['http://127.0.0.1:3000/cb'] }

describe('A8: no escalation by metadata', () => {
  const read = (input: object) => readMetadata({ ...REDIRECT, ...input }, REGISTRATION_POLICY)

  test.each([
    [{ grant_types: ['client_credentials'] }],
    [{ grant_types: ['password', 'implicit'] }],
    [{ grant_types: 'authorization_code' }],
    [{ response_types: ['token'] }],
    [{ token_endpoint_auth_method: 'client_secret_jwt' }],
    [{ token_endpoint_auth_method: 'tls_client_auth' }],
    [{ token_endpoint_auth_method: 'private_key_jwt' }],
    [{ application_type: 'service' }],
    [{ logo_uri: 'javascript:alert(1)' }],
    [{ jwks_uri: 'http://a.example/jwks' }],
    [{ jwks: { keys: [] }, jwks_uri: 'https://a.example/jwks' }],
    [{ redirect_uris: [] }],
    [{ redirect_uris: Array.from({ length: 21 }, () => 'http://localhost/cb') }],
  ])('%j is refused', (input) => expect(read(input)).toHaveProperty('kind', 'problem'))

  test('what apps cannot have is dropped, and unknown members are not kept', () => {
    const metadata = read({
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:x'],
      response_types: ['code', 'token'],
      scope: 'hub:manage',
      client_id: 'app_of_someone_else',
      client_secret: 'chosen',
      token_endpoint_auth_method: 'none',
      __proto__: { isAdmin: true },
    })
    expect(metadata).toStrictEqual({
      client_name: 'Unnamed app',
      redirect_uris: REDIRECT.redirect_uris,
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    })
  })

  test('RFC 7591 §2: without a method the client gets a secret; without grant types no refresh', () => {
    expect(read({})).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
    })
  })
})

describe('AS16: application_type', () => {
  const type = (input: object) => {
    const read = readMetadata({ token_endpoint_auth_method: 'none', ...input }, REGISTRATION_POLICY)
    return 'application_type' in read ? read.application_type : read.error
  }
  const loopback = 'http://localhost:1/cb'
  const https = 'https://a.example/cb'

  test.each([
    [{ redirect_uris: [loopback] }, 'native'],
    [{ redirect_uris: ['cursor://a/cb'] }, 'native'],
    [{ redirect_uris: [loopback, https] }, 'native'],
    [{ redirect_uris: [https] }, 'web'],
    [{ redirect_uris: ['https://localhost:8443/cb'] }, 'web'],
    [{ redirect_uris: [https], application_type: 'native' }, 'native'],
    [{ redirect_uris: [loopback], application_type: 'web' }, 'web'],
    [{ redirect_uris: ['cursor://a/cb'], application_type: 'web' }, 'invalid_redirect_uri'],
    [{ redirect_uris: [loopback, 'https://localhost/cb'] }, 'invalid_redirect_uri'],
  ])('%j → %s', (input, expected) => expect(type(input)).toBe(expected))
})

describe('A12: a document keeps no shared secret', () => {
  test.each(['client_secret_basic', 'client_secret_post', 'client_secret_jwt'])('%s', (method) =>
    expect(
      readMetadata({ ...REDIRECT, client_name: 'x', token_endpoint_auth_method: method }, DOCUMENT_POLICY),
    ).toHaveProperty('kind', 'problem'),
  )
  test('AS5: client_name is required', () =>
    expect(readMetadata(REDIRECT, DOCUMENT_POLICY)).toHaveProperty('kind', 'problem'))
})

describe('A17: keys of a client', () => {
  const key = {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  }

  test('public members are kept, others dropped', () =>
    expect(checkJwks({ keys: [{ ...key, kid: 'a', x5u: 'https://evil.test/' }] })).toStrictEqual({
      keys: [{ ...key, kid: 'a' }],
    }))

  test.each([
    [{ ...key, d: 'secret' }],
    [{ kty: 'oct', k: 'c2VjcmV0' }],
    [{ ...key, crv: 'secp256k1' }],
    [{ ...key, x: key.y }],
    [{ ...key, use: 'enc' }],
    [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
    [{ ...key, kid: 7 }],
    ['key'],
  ])('%j is refused', (one) => expect(checkJwks({ keys: [one] })).toHaveProperty('kind', 'problem'))

  test.each([undefined, [], { keys: 'x' }, { keys: [] }, { keys: Array.from({ length: 11 }, () => key) }])(
    '%j is no key set',
    (jwks) => expect(checkJwks(jwks)).toHaveProperty('kind', 'problem'),
  )
  test('two keys of one kid are refused', () =>
    expect(
      checkJwks({
        keys: [
          { ...key, kid: 'a' },
          { ...key, kid: 'a' },
        ],
      }),
    ).toHaveProperty('kind', 'problem'))
})
