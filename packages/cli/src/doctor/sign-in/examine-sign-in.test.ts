import { expect, test } from 'vitest'
import { examine } from '../examine.ts'
import { sendJson, startProtectedServer, type Faults } from '../fixtures/protected-server.ts'

async function examined(faults: Faults = {}, options = { register: false }) {
  await using server = await startProtectedServer(faults)
  const found = await examine(new URL('/mcp', server.url), {}, options)
  return {
    ...found,
    asked: server.asked,
    of: (step: string) => found.findings.filter((one) => one.step === step),
  }
}

test('a sign-in in order has nothing to mend, and nothing was registered', async () => {
  const found = await examined()
  expect(found).toMatchObject({ ok: true, signIn: 'sound' })
  expect(found.findings.filter(({ verdict }) => verdict !== 'good')).toEqual([])
  const allowed = /^(?:POST|GET) \/mcp$|^GET \/\.well-known\//
  expect(found.asked.filter((line) => !allowed.test(line))).toEqual([])
})

const at = (members: Readonly<Record<string, unknown>>): Faults => ({ server: () => members })
const listing = (value: unknown): Faults => ({ resource: () => ({ authorization_servers: value }) })

test.each<[string, Faults, 'bad' | 'doubtful', string, RegExp]>([
  [
    'no challenge',
    { challenge: () => undefined },
    'doubtful',
    'challenge',
    /resource_metadata="http.*\/mcp"/,
  ],
  [
    'a challenge to another scheme',
    { challenge: () => 'Bearer resource_metadata="file:///etc/passwd"' },
    'bad',
    'challenge',
    /Name a URL/,
  ],
  [
    'a challenge to nowhere',
    { challenge: (url) => `Bearer resource_metadata="${url}/none"` },
    'bad',
    'challenge',
    /Name a URL/,
  ],
  [
    'no metadata',
    {
      challenge: () => 'Bearer',
      paths: () => ({ '/.well-known/oauth-protected-resource/mcp': (_q, s) => s.writeHead(404).end() }),
    },
    'bad',
    'resource metadata',
    /Serve http.*oauth-protected-resource\/mcp/,
  ],
  ['a slash too much', { resource: (url) => ({ resource: `${url}/mcp/` }) }, 'bad', 'resource', /\/mcp"/],
  ['another case', { resource: (url) => ({ resource: `${url}/MCP` }) }, 'bad', 'resource', /\/mcp"/],
  ['a parent', { resource: (url) => ({ resource: url }) }, 'doubtful', 'resource', /\/mcp"/],
  [
    'another resource',
    { resource: () => ({ resource: 'https://else.example/mcp' }) },
    'bad',
    'resource',
    /Set/,
  ],
  [
    'offline_access',
    { resource: () => ({ scopes_supported: ['offline_access'] }) },
    'doubtful',
    'scopes',
    /Take it out/,
  ],
  ['no issuer', listing([]), 'bad', 'authorization servers', /at least one/],
  ['an issuer that is a script', listing(['javascript:alert(1)']), 'bad', 'authorization servers', /https/],
  ['an issuer by plain http', listing(['http://auth.example']), 'bad', 'authorization servers', /https/],
  ['no S256', at({ code_challenge_methods_supported: undefined }), 'bad', 'PKCE', /\["S256"\]/],
  ['plain PKCE', at({ code_challenge_methods_supported: ['S256', 'plain'] }), 'doubtful', 'PKCE', /plain/],
  ['no iss', at({ authorization_response_iss_parameter_supported: undefined }), 'doubtful', 'iss', /true/],
  ['no endpoint', at({ token_endpoint: undefined }), 'bad', 'endpoints', /token_endpoint/],
  ['a plain endpoint', at({ authorization_endpoint: 'http://auth.example/' }), 'bad', 'endpoints', /https/],
  [
    'no registration',
    at({ client_id_metadata_document_supported: undefined }),
    'doubtful',
    'registration',
    /true/,
  ],
  [
    'secrets only',
    at({ token_endpoint_auth_methods_supported: undefined }),
    'doubtful',
    'public clients',
    /none/,
  ],
  [
    'no refresh',
    at({ grant_types_supported: ['authorization_code'] }),
    'doubtful',
    'refresh',
    /offline_access/,
  ],
  ['no code', at({ response_types_supported: ['token'] }), 'bad', 'code flow', /"code"/],
])('%s is named, with its mend', async (...row) => {
  const [, faults, verdict, step, mend] = row
  const found = await examined(faults)
  const [finding] = found.of(step).filter((one) => one.verdict !== 'good')
  expect(finding).toMatchObject({ verdict, mend: expect.stringMatching(mend) })
  expect(found.ok).toBe(verdict === 'doubtful')
})

test('an issuer that calls itself otherwise is refused by the exact text (AS17)', async () => {
  const found = await examined({ server: (url) => ({ issuer: `${url}/` }) })
  expect(found.ok).toBe(false)
  expect(found.findings.find(({ step }) => step.startsWith('issuer'))).toMatchObject({ verdict: 'bad' })
})

test('metadata that redirects is not followed, and says where it wanted to lead', async () => {
  const found = await examined({
    challenge: () => undefined,
    paths: () => ({
      '/.well-known/oauth-protected-resource/mcp': (_req, res) =>
        void res.writeHead(302, { location: '/elsewhere' }).end(),
    }),
  })
  expect(found.of('resource metadata')[0]!.detail).toContain('/elsewhere')
  expect(found.asked).not.toContain('GET /elsewhere')
})

test('a body without end is left after 1 MiB', async () => {
  let sentBytes = 0
  const found = await examined({
    paths: () => ({
      '/.well-known/oauth-authorization-server': (_req, res) => {
        res.writeHead(200, { 'content-type': 'application/json' })
        const send = () => {
          if (res.destroyed) return
          sentBytes += 65536
          res.write(' '.repeat(65536), send)
        }
        send()
      },
    }),
  })
  expect(found.ok).toBe(false)
  expect(sentBytes).toBeLessThan(16 * 1024 * 1024)
})

test('with --register a throw-away app is tried and deleted, and one over plain http is a fault', async () => {
  const deleted: string[] = []
  const found = await examined(
    {
      server: (url) => ({ registration_endpoint: `${url}/register` }),
      paths: (url) => ({
        '/register': async (req, res) => {
          const parts: Buffer[] = []
          for await (const part of req) parts.push(part as Buffer)
          const client = { client_id: 'c1', ...JSON.parse(Buffer.concat(parts).toString()) }
          const own = { registration_client_uri: `${url}/register/c1`, registration_access_token: 't' }
          res
            .writeHead(201, { 'content-type': 'application/json' })
            .end(JSON.stringify({ ...client, ...own }))
        },
        '/register/c1': (req, res) => {
          deleted.push(`${req.method} ${req.headers.authorization}`)
          res.writeHead(204).end()
        },
      }),
    },
    { register: true },
  )
  expect(found.of('registering')[0]).toMatchObject({ verdict: 'good' })
  expect(found.of('redirect rules')[0]).toMatchObject({ verdict: 'bad' })
  expect(deleted).toEqual(['DELETE Bearer t', 'DELETE Bearer t'])
})

test('a server elsewhere cannot make this machine ask itself', async () => {
  const { whyNotFollow } = await import('../../may-follow.ts')
  const from = new URL('https://mcp.example/mcp')
  for (const to of [
    'http://127.0.0.1:1/x',
    'https://127.0.0.1/x',
    'https://localhost/x',
    'https://10.0.0.1/x',
    'https://169.254.169.254/x',
    'https://[::1]/x',
    'https://[fd00::1]/x',
    'https://user:pass@auth.example/x',
    'ftp://auth.example/x',
    'https://auth.example/x#y',
    7,
    undefined,
  ])
    expect(whyNotFollow(from, to), String(to)).toBeDefined()
  expect(whyNotFollow(from, 'https://auth.example/x')).toBeUndefined()
  expect(whyNotFollow(new URL('http://localhost:1/mcp'), 'http://localhost:2/')).toBeUndefined()
})

test('what is found at a root is found, when the path form is not there', async () => {
  const found = await examined({
    challenge: () => 'Bearer scope="mcp"',
    paths: (url) => ({
      '/.well-known/oauth-protected-resource/mcp': (_req, res) => void res.writeHead(404).end(),
      '/.well-known/oauth-protected-resource': sendJson({
        resource: `${url}/mcp`,
        authorization_servers: [url],
      }),
    }),
  })
  expect(found.signIn).toBe('sound')
  expect(found.of('resource metadata')[0]!.detail).toContain('/.well-known/oauth-protected-resource')
})
