import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TEST_AUTHORITY } from '../../../packages/server/src/lib/fixtures/test-authority.ts'
import { openHttpsHost, type Answer, type HttpsHost } from '../../../packages/server/test/https-host.ts'
import type { Hub } from '../kit/hub.ts'
import type { Reply } from '../kit/http.ts'
import { residentBytes } from '../kit/process-probe.ts'
import { postToken } from '../kit/token-endpoint.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { Deviations } from './expectations.ts'

const REDIRECT = 'https://app.example/callback'
const TIME_LIMIT_MS = 1000
const MEGABYTE = 1_048_576

/** A12: what the host of a client ID metadata document may try. */
export const clientDocumentsGroup: FaultGroup = {
  name: 'identity-documents',
  cases: [
    {
      requirement: 'A12',
      name: 'a document that is wrong, elsewhere, endless or slow is an error page, and nothing else is reached',
      run: evilDocuments,
    },
    {
      requirement: 'A12',
      also: ['E1'],
      name: 'a client_id at a private address, or one that is no plain https URL, is never asked for',
      run: unwantedAddresses,
    },
    {
      requirement: 'A12',
      name: 'a document that changes is judged anew, and one that failed is not remembered',
      run: changedDocuments,
    },
  ],
}

interface Scene {
  readonly hub: Hub
  readonly host: HttpsHost
  /** The document of that path with the changes made to it; `undefined` leaves a member out. */
  document(path: string, change?: Readonly<Record<string, unknown>>): Record<string, unknown>
}

async function openScene(rig: Rig): Promise<Scene> {
  const host = await openHttpsHost()
  rig.defer(() => host[Symbol.asyncDispose]())
  const folder = mkdtempSync(join(tmpdir(), 'parley-faults-ca-'))
  rig.defer(() => rmSync(folder, { recursive: true, force: true }))
  const caFile = join(folder, 'authority.pem')
  writeFileSync(caFile, TEST_AUTHORITY)
  const hub = await rig.ownHub({
    isClockMovable: true,
    config: {
      identity: { clientMetadataHosts: [host.host] },
      egress: { caFile },
      limits: { upstreamTimeoutMs: TIME_LIMIT_MS },
    },
  })
  return {
    hub,
    host,
    document: (path, change = {}) => ({
      client_id: host.origin + path,
      client_name: 'Document',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      ...change,
    }),
  }
}

/** How an app begins, with nothing but its address. */
function authorize(hub: Hub, clientId: string, redirectUri = REDIRECT): Promise<Reply> {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  return hub.send({ method: 'GET', path: `/oauth/authorize?${query}`, anonymous: true })
}

/** OAuth 2.1 §4.1.2.1: the person is told, and never sent to an address that a stranger wrote down. */
function expectErrorPage(reply: Reply, label: string): void {
  const seen = `${label}: ${reply.status} ${reply.text.slice(0, 300)}`
  assert.equal(reply.status, 400, seen)
  assert.match(String(reply.headers['content-type']), /^text\/html/, seen)
  assert.equal(reply.headers.location, undefined, seen)
  assert.match(reply.text, /role="alert"/, seen)
  assert.match(reply.text, /<code>invalid_client(?:_metadata)?: [A-Za-z]/, seen)
  assert.ok(!reply.text.includes(REDIRECT), seen)
}

function expectWelcome(reply: Reply, label: string): void {
  assert.equal(reply.status, 303, `${label}: ${reply.status} ${reply.text.slice(0, 300)}`)
  assert.match(String(reply.headers.location), /\/interaction\//, label)
}

async function evilDocuments(rig: Rig): Promise<void> {
  const scene = await openScene(rig)
  const { hub, host, document } = scene
  const path = '/app.json'
  const url = host.serve(path, document(path))
  expectWelcome(await authorize(hub, url), 'a proper document')
  const found = new Deviations()
  const before = residentBytes(hub.pid)
  for (const [index, [label, answer]] of Object.entries(evilAnswers(scene, rig.canary.port)).entries()) {
    const evilPath = `/evil/${index}.json`
    const evil = host.serve(evilPath, answer(evilPath))
    await found.try(label, async () => {
      const reply = await authorize(hub, evil)
      expectErrorPage(reply, label)
      assert.equal(host.asked.filter((one) => one === evilPath).length, 1, `${label}: asked more than once`)
      assert.ok(reply.milliseconds < TIME_LIMIT_MS + 1000, `${label}: after ${reply.milliseconds} ms`)
      const { status, json } = await postToken(hub, {
        grant_type: 'refresh_token',
        client_id: evil,
        refresh_token: 'x',
      })
      assert.ok(status === 400 || status === 401, `${label}: the token endpoint answers ${status}`)
      assert.equal(json?.['error'], 'invalid_client', label)
    })
    assert.equal(rig.canary.connections, 0, `${label}: the canary was reached`)
  }
  found.expectNone()
  rig.figure('memory after endless documents, MB', (residentBytes(hub.pid) - before) / MEGABYTE, 40)
  expectWelcome(await authorize(hub, url), 'the proper document afterwards')
  const { json } = await hub.api('GET', '/api/apps')
  const apps = (json?.['apps'] ?? []) as { source: string }[]
  assert.ok(!apps.some(({ source }) => source === 'cimd'), 'an app is kept that nobody allowed anything')
}

type Evil = (path: string) => object | Answer

function evilAnswers({ document }: Scene, canaryPort: number): Record<string, Evil> {
  const json = { 'content-type': 'application/json' }
  const canary = `http://127.0.0.1:${canaryPort}/`
  const raw =
    (write: (response: ServerResponse, body: string) => void): Evil =>
    (path) =>
    (_, response) =>
      write(response, JSON.stringify(document(path)))
  const redirects = [301, 302, 303, 307, 308].map((status) => [
    `a redirect (${status})`,
    raw((response, body) => response.writeHead(status, { ...json, location: canary }).end(body)),
  ])
  return {
    ...(Object.fromEntries(redirects) as Record<string, Evil>),
    'the client_id of another': (path) => document(path, { client_id: 'https://claude.example/app.json' }),
    'its client_id in another spelling': (path) =>
      document(path, { client_id: String(document(path)['client_id']).toUpperCase() }),
    'no client_id': (path) => document(path, { client_id: undefined }),
    'a shared secret': (path) => document(path, { token_endpoint_auth_method: 'client_secret_post' }),
    'a client_secret': (path) => document(path, { client_secret: 'hush' }),
    'a script as redirect': (path) => document(path, { redirect_uris: ['javascript:alert(1)'] }),
    'a logo that is a script': (path) => document(path, { logo_uri: 'javascript:alert(1)' }),
    'a list': (path) => [document(path)],
    'status 201': raw((response, body) => response.writeHead(201, json).end(body)),
    'status 500': raw((response, body) => response.writeHead(500, json).end(body)),
    'another type': raw((response, body) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(body),
    ),
    'a body that is no JSON': raw((response, body) => response.writeHead(200, json).end(`${body},`)),
    'two client_ids': raw((response, body) =>
      response.writeHead(200, json).end(`{"client_id":"https://a.example/b",${body.slice(1)}`),
    ),
    'an encoded body': raw((response, body) =>
      response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(body),
    ),
    'a declared 10 MB': raw((response, body) =>
      response
        .writeHead(200, { ...json, 'content-length': 10 * MEGABYTE })
        .end(body + ' '.repeat(10 * MEGABYTE - body.length)),
    ),
    'an endless body': raw((response, body) => pour(response.writeHead(200, json), body)),
    'endless headers': raw((response, body) =>
      response.writeHead(200, { ...json, 'x-long': 'x'.repeat(100_000) }).end(body),
    ),
    silence: () => () => undefined,
    'a byte now and then': raw((response) => drip(response.writeHead(200, json))),
    'a connection that ends early': raw((response, body) => {
      response.writeHead(200, { ...json, 'content-length': body.length })
      response.write(body.slice(0, 10))
      setTimeout(() => response.destroy(), 50)
    }),
  }
}

function pour(response: ServerResponse, body: string): void {
  response.write(body)
  const more = () => {
    while (!response.destroyed && response.write(' '.repeat(65_536))) continue
  }
  response.on('drain', more)
  more()
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 100)
  response.on('close', () => clearInterval(timer))
}

async function unwantedAddresses(rig: Rig): Promise<void> {
  const { hub, host, document } = await openScene(rig)
  const path = '/app.json'
  const url = host.serve(path, document(path))
  const canary = rig.canary.port
  const hosts = ['127.0.0.1', 'localhost', 'localhost.', '127.1', '0x7f.1', '2130706433', '0', '[::1]']
  const inner = ['[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '169.254.169.254', '10.0.0.1', '192.168.0.1']
  const unwanted = [
    ...[...hosts, ...inner].map((name) => `https://${name}:${canary}/app.json`),
    `https://127.0.0.1:${hub.port}/app.json`,
    `https://localhost:${hub.port}/oauth/jwks`,
    url.replace('https:', 'http:'),
    host.origin,
    `${host.origin}/`,
    `${url}#here`,
    url.replace('//', '//user:word@'),
    `${host.origin}/a/../app.json`,
    `${host.origin}/a/%2e%2e/app.json`,
    url.replace('localhost', '127.0.0.1'),
    'file:///etc/passwd',
    'data:application/json,{}',
  ]
  const found = new Deviations()
  for (const clientId of unwanted) {
    await found.try(clientId, async () => expectErrorPage(await authorize(hub, clientId), clientId))
    assert.equal(rig.canary.connections, 0, `${clientId}: the canary was reached`)
  }
  found.expectNone()
  assert.deepEqual(host.asked, [], 'the host was asked')
  expectWelcome(await authorize(hub, url), 'a proper address')
}

async function changedDocuments(rig: Rig): Promise<void> {
  const { hub, host, document } = await openScene(rig)
  const path = '/app.json'
  const url = host.serve(path, (_: unknown, response: ServerResponse) => void response.writeHead(500).end())
  expectErrorPage(await authorize(hub, url), 'while the host is broken')
  host.serve(path, document(path))
  expectWelcome(await authorize(hub, url), 'once it is mended')
  host.serve(path, document(path, { redirect_uris: ['https://elsewhere.example/callback'] }))
  await hub.setClock(25 * 3_600_000)
  const asked = host.asked.length
  const old = await authorize(hub, url)
  assert.equal(host.asked.length, asked + 1, 'the document was not read anew')
  assert.equal(old.status, 400, old.text.slice(0, 200))
  assert.equal(old.headers.location, undefined)
  expectWelcome(await authorize(hub, url, 'https://elsewhere.example/callback'), 'the new redirect')
  host.serve(path, document(path, { redirect_uris: ['javascript:alert(1)'] }))
  await hub.setClock(50 * 3_600_000)
  expectErrorPage(await authorize(hub, url), 'once it is evil')
}
