import { expect, test } from 'vitest'
import { sendJson } from '../fixtures/protected-server.ts'
import { serve } from '../fixtures/serve.ts'
import { examineClientDocument } from './examine-client-document.ts'

type Json = Readonly<Record<string, unknown>>

async function examined(changes: (url: string) => Json, headers: Readonly<Record<string, string>> = {}) {
  await using server = await serve((origin) => {
    const url = `${origin}/client.json`
    const document = {
      client_id: url,
      client_name: 'Desk',
      redirect_uris: [`${origin}/callback`, 'http://127.0.0.1/callback', 'com.example.desk:/callback'],
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      ...changes(url),
    }
    return sendJson(document, { 'cache-control': 'max-age=3600', ...headers })
  })
  return await examineClientDocument(new URL('/client.json', server.url))
}

test('AS5: a document in order has nothing to mend but that it is on this machine', async () => {
  const found = await examined(() => ({}))
  expect(found.ok).toBe(true)
  expect(found.findings.filter(({ verdict }) => verdict !== 'good').map(({ step }) => step)).toEqual([
    'address',
  ])
})

const big = { tos_uri: `https://desk.example/${'x'.repeat(6000)}` }

test.each<[string, Json, 'bad' | 'doubtful', string]>([
  ['another client_id', { client_id: 'https://desk.example/other.json' }, 'bad', 'client_id'],
  ['no name', { client_name: undefined }, 'bad', 'client_name'],
  ['a name that turns around', { client_name: 'Desk\u202egro.live' }, 'bad', 'client_name'],
  ['a long name', { client_name: 'x'.repeat(65) }, 'doubtful', 'client_name'],
  ['no redirects', { redirect_uris: [] }, 'bad', 'redirect_uris'],
  ['a script', { redirect_uris: ['javascript:alert(1)'] }, 'bad', 'redirect_uris'],
  ['plain http', { redirect_uris: ['http://desk.example/cb'] }, 'bad', 'redirect_uris'],
  ['a wildcard', { redirect_uris: ['https://*.desk.example/cb'] }, 'bad', 'redirect_uris'],
  ['a fragment', { redirect_uris: ['https://desk.example/cb#x'] }, 'bad', 'redirect_uris'],
  ['another host', { redirect_uris: ['https://else.example/cb'] }, 'doubtful', 'redirect_uris'],
  ['a secret', { client_secret: 'hush' }, 'bad', 'authentication'],
  ['a shared secret', { token_endpoint_auth_method: 'client_secret_basic' }, 'bad', 'authentication'],
  ['no keys', { token_endpoint_auth_method: 'private_key_jwt' }, 'bad', 'authentication'],
  [
    'a private key',
    { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'EC', d: 'x' }] } },
    'bad',
    'authentication',
  ],
  ['no application type', { application_type: undefined }, 'doubtful', 'application_type'],
  ['no refresh', { grant_types: undefined }, 'doubtful', 'grant_types'],
  ['too much', big, 'bad', 'size'],
])('%s is named, with its mend', async (_name, changes, verdict, step) => {
  const found = await examined(() => changes)
  const wrong = found.findings.find((one) => one.step === step)
  expect(wrong).toMatchObject({ verdict, mend: expect.any(String) })
  expect(found.ok).toBe(verdict === 'doubtful')
})

test('another content type is refused', async () => {
  const found = await examined(() => ({}), { 'content-type': 'text/html' })
  expect(found.findings.find(({ step }) => step === 'content type')).toMatchObject({ verdict: 'bad' })
})

test('a redirect is not followed', async () => {
  await using server = await serve(
    () => (_req, res) => void res.writeHead(302, { location: '/other.json' }).end(),
  )
  const found = await examineClientDocument(new URL('/client.json', server.url))
  expect(found.ok).toBe(false)
  expect(found.findings.at(-1)!.mend).toContain('no redirect')
  expect(server.asked).toEqual(['GET /client.json'])
})

test('what is no JSON object is told so', async () => {
  for (const body of ['<html>', '[]', '']) {
    await using server = await serve(() => (_req, res) => void res.end(body))
    const found = await examineClientDocument(new URL('/client.json', server.url))
    expect(found).toMatchObject({ ok: false })
  }
})
