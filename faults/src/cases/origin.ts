import assert from 'node:assert/strict'
import type { Json } from '../evil/evil-state.ts'
import { toolText } from '../kit/face.ts'
import { exchangeRaw } from '../kit/raw-tcp.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, type Rig } from '../run/rig.ts'
import type { Era } from '../evil/evil-state.ts'
import { expectEcho, expectHttpRefusal } from './expectations.ts'

/** P3: who may speak to the listener at all, by Origin and by Host, each on its own. */
export const originGroup: FaultGroup = {
  name: 'origin',
  cases: [
    ...ERAS.map((era) => ({
      requirement: 'P3',
      name: `a foreign Origin is refused and never forwarded (${era})`,
      run: (rig: Rig) => foreignOrigin(rig, era),
    })),
    ...ERAS.map((era) => ({
      requirement: 'P3',
      name: `a foreign Host is refused and never forwarded (${era})`,
      run: (rig: Rig) => foreignHost(rig, era),
    })),
    {
      requirement: 'P3',
      name: 'Host and Origin are checked on every address, with and without a key',
      run: everyAddress,
    },
    {
      requirement: 'P3',
      name: 'GET and DELETE without a session are refused; session id and Last-Event-ID mean nothing (2026-07-28)',
      run: modernIgnoresSessions,
    },
  ],
}

function foreignOrigins(port: number): string[] {
  return [
    'https://evil.test',
    'http://evil.test',
    'null',
    'NULL',
    '',
    'file://',
    `http://localhost.evil.test:${port}`,
    `http://localhost:${port}.evil.test`,
    `http://localhost:${port}@evil.test`,
    `http://evil.test#http://localhost:${port}`,
    `http://localhost:${port + 1}`,
    `https://localhost:${port}`,
    `http://localhost:${port}, https://evil.test`,
    'chrome-extension://abcdef',
    'http://127.0.0.1.nip.io',
  ]
}

function foreignHosts(port: number): string[] {
  return [
    'evil.test',
    `evil.test:${port}`,
    `localhost.evil.test:${port}`,
    `localhost:${port}.evil.test`,
    `localhost:${port}/x?`,
    `localhost:${port}#`,
    `localhost:${port}@evil.test`,
    `evil.test@localhost:${port}`,
    `localhost:${port} evil.test`,
    `localhost:${port},evil.test`,
    `127.0.0.1.nip.io:${port}`,
    `localhost\\@evil.test:${port}`,
    `169.254.169.254:${port}`,
  ]
}

async function foreignOrigin(rig: Rig, era: Era): Promise<void> {
  const face = await rig.face(era, '/mcp/servers/modern')
  await expectEcho(face)
  const before = rig.count('modern', 'tools/call')
  for (const origin of foreignOrigins(rig.hub.port)) {
    const reply = await face.call('echo', {}, { headers: { origin } })
    expectHttpRefusal(reply, `Origin: ${origin}`, [403])
    assert.equal(
      reply.headers['access-control-allow-origin'],
      undefined,
      `Origin: ${origin} was granted CORS`,
    )
  }
  assert.equal(
    rig.count('modern', 'tools/call') - before,
    0,
    'a call with a foreign Origin reached the upstream',
  )
  const own = await face.call(
    'echo',
    { text: 'own' },
    { headers: { origin: `http://localhost:${rig.hub.port}` } },
  )
  assert.equal(toolText(own), '{"text":"own"}', 'the own origin is allowed')
}

async function foreignHost(rig: Rig, era: Era): Promise<void> {
  const face = await rig.face(era, '/mcp/servers/modern')
  const before = rig.count('modern', 'tools/call')
  for (const host of foreignHosts(rig.hub.port)) {
    const reply = await face.call('echo', {}, { headers: { host } })
    expectHttpRefusal(reply, `Host: ${host}`, [400, 403, 421])
    const withOwnOrigin = await face.call(
      'echo',
      {},
      { headers: { host, origin: `http://localhost:${rig.hub.port}` } },
    )
    expectHttpRefusal(withOwnOrigin, `Host: ${host} with the own Origin`, [400, 403, 421])
  }
  assert.equal(
    rig.count('modern', 'tools/call') - before,
    0,
    'a call with a foreign Host reached the upstream',
  )
  const twice = await exchangeRaw(
    rig.hub.port,
    `POST /mcp HTTP/1.1\r\nHost: localhost:${rig.hub.port}\r\nHost: evil.test\r\nContent-Length: 0\r\n\r\n`,
  )
  assert.equal(twice.status, 400, `two Host headers: ${twice.text.slice(0, 100)}`)
  const none = await exchangeRaw(rig.hub.port, 'POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n\r\n')
  assert.equal(none.status, 400, `no Host header: ${none.text.slice(0, 100)}`)
}

async function everyAddress(rig: Rig): Promise<void> {
  for (const path of [
    '/',
    '/mcp',
    '/mcp/servers/good',
    '/api/status',
    '/api/servers',
    '/metrics',
    '/nowhere',
  ]) {
    for (const anonymous of [true, false]) {
      const host = await rig.hub.send({ method: 'GET', path, headers: ['Host', 'evil.test'], anonymous })
      expectHttpRefusal(host, `GET ${path} with a foreign Host`, [400, 403, 421])
      const origin = await rig.hub.send({
        method: 'GET',
        path,
        headers: ['Origin', 'https://evil.test'],
        anonymous,
      })
      expectHttpRefusal(origin, `GET ${path} with a foreign Origin`, anonymous ? [401, 403] : [403])
    }
  }
  const preflight = await rig.hub.send({
    method: 'OPTIONS',
    path: '/mcp',
    anonymous: true,
    headers: ['Origin', 'https://evil.test', 'Access-Control-Request-Method', 'POST'],
  })
  assert.equal(
    preflight.headers['access-control-allow-origin'],
    undefined,
    'a preflight of a foreign origin was granted',
  )
}

async function modernIgnoresSessions(rig: Rig): Promise<void> {
  const modern = { 'mcp-protocol-version': '2026-07-28', accept: 'text/event-stream' }
  for (const method of ['GET', 'DELETE']) {
    const reply = await rig.hub.send({
      method,
      path: '/mcp/servers/modern',
      headers: Object.entries(modern).flat(),
    })
    expectHttpRefusal(reply, `${method} of 2026-07-28`, [405])
    const stale = await rig.hub.send({
      method,
      path: '/mcp/servers/modern',
      headers: ['Accept', 'text/event-stream', 'Mcp-Session-Id', 'nonsense'],
    })
    expectHttpRefusal(stale, `${method} with an unknown session`, [400, 404, 405])
  }
  for (const method of ['PUT', 'PATCH', 'TRACE']) {
    const reply = await rig.hub.send({ method, path: '/mcp/servers/modern', body: '{}' })
    expectHttpRefusal(reply, method, [400, 405])
  }
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const reply = await face.call(
    'echo_headers',
    {},
    { headers: { 'mcp-session-id': 'smuggled-session', 'last-event-id': '7' } },
  )
  const arrived = (toolText(reply) ?? '').toLowerCase()
  assert.ok(arrived.length > 2, `a session id must be ignored: ${reply.status} ${reply.text.slice(0, 200)}`)
  assert.ok(!arrived.includes('smuggled-session'), 'the session id reached a modern upstream')
  assert.equal(reply.headers['mcp-session-id'], undefined, 'a session id was answered in 2026-07-28')
  const results = reply.answer?.['result'] as Json
  assert.equal(results['resultType'], 'complete')
}
