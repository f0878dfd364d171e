import assert from 'node:assert/strict'
import type { Json } from '../evil/evil-state.ts'
import { toolText } from '../kit/face.ts'
import { exchangeRaw } from '../kit/raw-tcp.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig } from '../run/rig.ts'
import { expectHttpRefusal } from './expectations.ts'
import { baitRequest } from './raw-requests.ts'

/** G1, G4, G8 and G10: credentials stay, every door asks for one, and nobody chooses where the hub connects to. */
export const gatewayGroup: FaultGroup = {
  name: 'gateway',
  cases: [
    ...ERAS.map((era) => ({
      requirement: 'G1',
      name: `the caller's credential, cookies and hop headers reach no upstream (${era})`,
      run: (rig: Rig) => noPassthrough(rig, era),
    })),
    {
      requirement: 'G1',
      name: "the caller's credential is not sent again after a 401 or a redirect",
      run: noPassthroughOnRetry,
    },
    {
      requirement: 'G4',
      name: 'every address asks for a key, in every spelling and by every method',
      run: everyDoorLocked,
    },
    { requirement: 'G4', name: 'a wrong key is refused everywhere and never forwarded', run: wrongKeys },
    { requirement: 'G8', name: 'no header, path or target chooses the upstream', run: nobodyChooses },
    {
      requirement: 'G10',
      name: "a server's test and refresh obey the same rules and take no address",
      run: testObeys,
    },
  ],
}

const HOSTILE_HEADERS: Record<string, string> = {
  cookie: 'session=zzCOOKIE',
  'proxy-authorization': 'Basic zzPROXY',
  'x-api-key': 'zzAPIKEY',
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-user': 'admin',
  'x-forwarded-host': 'evil.test',
  forwarded: 'for=6.6.6.6;host=evil.test',
  'x-real-ip': '6.6.6.6',
  'x-parley-principal': 'zzINTERNAL',
  'x-parley-internal': 'zzINTERNAL',
  te: 'trailers',
  connection: 'x-hop, keep-alive',
  'x-hop': 'zzHOP',
  'keep-alive': 'timeout=1000',
  'proxy-connection': 'keep-alive',
  via: '1.1 evil',
  'accept-encoding': 'gzip',
}

const FORBIDDEN_NAMES = [
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'x-forwarded-user',
  'x-forwarded-host',
  'forwarded',
  'x-parley-principal',
  'x-parley-internal',
  'x-hop',
  'te',
  'upgrade',
  'proxy-connection',
  'keep-alive',
]

async function noPassthrough(rig: Rig, era: (typeof ERAS)[number]): Promise<void> {
  for (const upstream of UPSTREAMS) {
    for (const [path, tool] of [
      [`/mcp/servers/${upstream}`, 'echo_headers'],
      ['/mcp', `${upstream}__echo_headers`],
    ] as const) {
      const face = await rig.face(era, path)
      const reply = await face.call(tool, { text: 'x' }, { headers: HOSTILE_HEADERS })
      const arrived = toolText(reply)
      assert.ok(arrived, `${path}: ${reply.status} ${reply.text.slice(0, 300)}`)
      assert.ok(!arrived.includes(rig.hub.key), `${path}: the caller's key reached ${upstream}`)
      for (const mark of ['zzCOOKIE', 'zzPROXY', 'zzAPIKEY', 'zzINTERNAL', 'zzHOP', '6.6.6.6', 'evil.test']) {
        assert.ok(!arrived.includes(mark), `${path}: ${mark} reached ${upstream}: ${arrived.slice(0, 500)}`)
      }
      const names = (JSON.parse(arrived) as string[])
        .filter((_, index) => index % 2 === 0)
        .map((name) => name.toLowerCase())
      for (const name of FORBIDDEN_NAMES) {
        if (name !== 'keep-alive') assert.ok(!names.includes(name), `${path}: ${name} reached ${upstream}`)
      }
      if (face.session)
        assert.ok(!arrived.includes(face.session), `${path}: the client's session id reached ${upstream}`)
      await face.close()
    }
  }
  for (const evil of [rig.modern, rig.legacy, rig.good]) {
    assert.ok(
      evil.state.seen.every(
        ({ headers, raw }) => !JSON.stringify(headers).includes(rig.hub.key) && !raw.includes(rig.hub.key),
      ),
      'the key in any message of the whole run',
    )
  }
  for (const twin of [rig.stdioModern, rig.stdioLegacy])
    assert.ok(!JSON.stringify(twin.entries()).includes(rig.hub.key), 'the key in a message over stdio')
}

async function noPassthroughOnRetry(rig: Rig): Promise<void> {
  for (const era of ERAS) {
    const face = await rig.face(era, '/mcp/servers/modern')
    for (const args of [{ status: 401 }, { status: 407 }, { status: 403 }] as Json[])
      await face.call('status', args)
    await face.call('redirect', { status: 307, to: `${rig.modern.url}?again` })
    await face.close()
  }
  const leaked = rig.modern.state.seen.filter(
    ({ headers }) => 'authorization' in headers || 'cookie' in headers,
  )
  assert.equal(leaked.length, 0, `a credential was sent: ${JSON.stringify(leaked[0]?.headers)}`)
}

const DOORS: [string, string][] = [
  ['POST', '/mcp'],
  ['GET', '/mcp'],
  ['DELETE', '/mcp'],
  ['POST', '/mcp/servers/modern'],
  ['GET', '/mcp/servers/modern'],
  ['DELETE', '/mcp/servers/modern'],
  ['POST', '/mcp/servers/nobody'],
  ['GET', '/api/status'],
  ['GET', '/api/servers'],
  ['POST', '/api/servers'],
  ['GET', '/api/servers/modern'],
  ['POST', '/api/servers/modern/review'],
  ['POST', '/api/servers/modern/refresh'],
  ['POST', '/api/servers/modern/test'],
  ['DELETE', '/api/servers/modern'],
  ['GET', '/api/activity'],
  ['POST', '/api/backup'],
  ['GET', '/api/openapi.json'],
  ['GET', '/metrics'],
  ['GET', '/api/nowhere'],
]

const SPELLINGS: ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.toUpperCase(),
  (path) => `${path}?x=1`,
  (path) => `${path};x=1`,
  (path) => `${path}%20`,
  (path) => `${path}/.`,
  (path) => `/healthz/..${path}`,
  (path) => `/healthz/%2e%2e${path}`,
  (path) => path.replace('/', '/%2f'),
  (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => `${path}?access_token=KEY&key=KEY&authorization=Bearer%20KEY`,
]

async function everyDoorLocked(rig: Rig): Promise<void> {
  const before = rig.modern.state.seen.length
  const hasMetrics = (await rig.hub.api('GET', '/metrics')).status !== 404
  for (const [method, path] of DOORS.filter(([, door]) => hasMetrics || door !== '/metrics')) {
    for (const spell of SPELLINGS) {
      const spelled = spell(path).replaceAll('KEY', rig.hub.key)
      const body = method === 'POST' ? '{}' : undefined
      const headers = [
        'Content-Type',
        'application/json',
        'X-HTTP-Method-Override',
        'GET',
        'X-Original-URL',
        '/healthz',
        'X-Rewrite-URL',
        '/healthz',
        'Cookie',
        `key=${rig.hub.key}`,
        'X-Api-Key',
        rig.hub.key,
      ]
      const reply = await rig.hub.send({
        method,
        path: spelled,
        headers,
        anonymous: true,
        ...(body === undefined ? {} : { body }),
      })
      assert.ok(
        [400, 401, 404].includes(reply.status),
        `${method} ${spell(path)} without a key answered ${reply.status}: ${reply.text.slice(0, 200)}`,
      )
      if (spelled === path) {
        assert.equal(reply.status, 401, `${method} ${path} without a key`)
        assert.ok(
          reply.headers['www-authenticate'] !== undefined,
          `${method} ${path}: a 401 without a challenge`,
        )
        expectHttpRefusal(reply, `${method} ${path}`, [401])
      }
      for (const word of ['evil', 'echo', 'stdio-modern', 'parley_admin_'])
        assert.ok(!reply.text.includes(word), `${method} ${spelled} tells ${word} without a key`)
    }
  }
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'TRACE']) {
    for (const path of ['/mcp', '/api/servers', '/metrics']) {
      const reply = await rig.hub.send({ method, path, anonymous: true })
      assert.ok(reply.status >= 400, `${method} ${path} without a key answered ${reply.status}`)
    }
  }
  assert.equal(rig.modern.state.seen.length - before, 0, 'a request without a key reached an upstream')
  for (const path of ['/healthz', '/readyz'])
    assert.equal(
      (await rig.hub.send({ method: 'GET', path, anonymous: true })).status,
      200,
      `${path} is open`,
    )
}

/** RFC 6750 §2.1 and §3.1: a wrong credential is 401, a Bearer header that cannot be read 400. What begins as a key is one. */
function statusFor(authorization: string): number {
  if (!authorization.startsWith('Bearer') || authorization.startsWith('Bearer parley_admin_')) return 401
  return /^Bearer [\w.~+/-]+=*$/.test(authorization) ? 401 : 400
}

async function wrongKeys(rig: Rig): Promise<void> {
  const { key } = rig.hub
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const last = key.at(-1) === 'a' ? 'b' : 'a'
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer changeme',
    'Bearer parley_admin_',
    `Bearer ${key.slice(0, -1)}`,
    `Bearer ${key.slice(0, -1)}${last}`,
    `Bearer ${key}x`,
    `Bearer ${key.toUpperCase()}`,
    `Bearer ${key},${key}`,
    `Bearer ${key} ${key}`,
    `Bearer x ${key}`,
    key,
    `Basic ${key}`,
    `Basic ${Buffer.from(`admin:${key}`).toString('base64')}`,
    `Token ${key}`,
    `Bearer "${key}"`,
    'Bearer null',
    'Bearer undefined',
    `Bearer ${'A'.repeat(8000)}`,
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.',
  ]
  const before = rig.modern.state.seen.length
  for (const authorization of wrong) {
    const wanted = [statusFor(authorization)]
    const call = await face.call('count', {}, { headers: { authorization } })
    expectHttpRefusal(call, `tools/call with ${authorization.slice(0, 40)}`, wanted)
    const api = await rig.hub.send({
      method: 'GET',
      path: '/api/servers',
      headers: ['Authorization', authorization],
    })
    expectHttpRefusal(api, `GET /api/servers with ${authorization.slice(0, 40)}`, wanted)
    assert.ok(!call.text.includes(key) && !api.text.includes(key), 'the right key stands in the refusal')
  }
  assert.equal(rig.modern.state.seen.length - before, 0, 'a call with a wrong key reached the upstream')
}

const CHOOSING_HEADERS = [
  'mcp-init-host',
  'X-Forwarded-Host',
  'X-Host',
  'X-Upstream',
  'X-Mcp-Server',
  'Mcp-Server',
  'X-Original-URL',
  'X-Rewrite-URL',
  'Forwarded',
  'X-Forwarded-Server',
  'X-Mcp-Url',
  'Destination',
]

function choosingTargets(canary: string): string[] {
  return [
    `http://${canary}/mcp`,
    `http://${canary}`,
    `//${canary}/mcp`,
    `/mcp/servers/http:%2f%2f${canary}%2fmcp`,
    `/mcp/servers/${canary}`,
    `/mcp/servers/@${canary}`,
    `/mcp/servers/modern@${canary}`,
    `/mcp/servers/modern/../../${canary}`,
    `/mcp/servers/modern?url=http://${canary}/mcp`,
    `/mcp?server=http://${canary}/mcp`,
    `/mcp/servers/modern%00.${canary}`,
    `/mcp/servers/modern#@${canary}`,
  ]
}

function choosingNames(canary: string): string[] {
  return [
    `http://${canary}__echo`,
    `../${canary}__echo`,
    `modern@${canary}__echo`,
    '__echo',
    'modern__',
    'modern__nobody',
    'MODERN__echo',
    'modern__modern__echo',
    'modern_echo',
    'echo',
    'good\u200b__echo',
  ]
}

async function nobodyChooses(rig: Rig): Promise<void> {
  const canary = `127.0.0.1:${rig.canary.port}`
  const bait = baitRequest(rig.hub)
  for (const name of CHOOSING_HEADERS) {
    for (const value of [canary, `http://${canary}/mcp`, `host=${canary}`]) {
      await exchangeRaw(rig.hub.port, bait.replace('\r\n', `\r\n${name}: ${value}\r\n`), 30)
    }
  }
  for (const target of choosingTargets(canary)) {
    const reply = await exchangeRaw(rig.hub.port, bait.replace('/mcp/servers/modern', target), 60)
    assert.ok(reply.status !== 500 && reply.status !== 502, `${target}: ${reply.text.slice(0, 100)}`)
  }
  await exchangeRaw(rig.hub.port, bait.replace(`localhost:${rig.hub.port}`, canary), 60)
  const tunnel = await exchangeRaw(
    rig.hub.port,
    `CONNECT ${canary} HTTP/1.1\r\nHost: ${canary}\r\nAuthorization: Bearer ${rig.hub.key}\r\n\r\nhello`,
    200,
  )
  assert.ok(tunnel.status === 0 || tunnel.status >= 400, `a tunnel was opened: ${tunnel.text.slice(0, 100)}`)
  const merged = await rig.face('2026-07-28', '/mcp')
  for (const name of choosingNames(canary)) {
    const reply = await merged.call(name)
    assert.ok(
      reply.answer && !('result' in reply.answer && toolText(reply)),
      `${name}: ${reply.text.slice(0, 200)}`,
    )
  }
  for (const uri of [`http://${canary}/x`, 'file:///etc/passwd', `modern://${canary}/`, `//${canary}/`])
    await merged.send('resources/read', { uri })
  assert.equal(rig.canary.connections, 0, `the caller chose the upstream: ${rig.canary.heard.join()}`)
}

async function testObeys(rig: Rig): Promise<void> {
  const url = `http://127.0.0.1:${rig.canary.port}/mcp`
  for (const action of ['test', 'refresh']) {
    for (const body of [
      { url },
      { target: url },
      { name: 'modern', url },
      { command: 'sh', args: ['-c', 'true'] },
    ]) {
      const reply = await rig.hub.api('POST', `/api/servers/modern/${action}`, body)
      assert.ok(reply.status < 500, `${action} with ${JSON.stringify(body)}: ${reply.status}`)
      const query = await rig.hub.api('POST', `/api/servers/modern/${action}?url=${encodeURIComponent(url)}`)
      assert.ok(query.status < 500, `${action} with a query: ${query.status}`)
    }
    const unknown = await rig.hub.api('POST', `/api/servers/${encodeURIComponent(url)}/${action}`)
    expectHttpRefusal(unknown, `${action} of an address`, [400, 404])
  }
  assert.equal(rig.canary.connections, 0, 'a test reached an address from its request')
  const self = `http://127.0.0.1:${rig.hub.port}/mcp`
  await rig.hub.api('POST', '/api/servers', { name: 'loop', url: self })
  rig.defer(() => rig.hub.api('DELETE', '/api/servers/loop'))
  const tested = await rig.hub.api('POST', '/api/servers/loop/test')
  assert.ok(
    tested.status >= 400 || tested.json?.['ok'] === false,
    `a test of the hub itself: ${tested.text.slice(0, 300)}`,
  )
}
