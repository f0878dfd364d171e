import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEvil } from '../evil/start-evil.ts'
import { startCanary, type Canary } from '../kit/canary.ts'
import { answerQuery, type Zone } from '../kit/dns-stub.ts'
import { openFace, toolText } from '../kit/face.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { settle, type Rig } from '../run/rig.ts'
import { diskFull } from './disk-full.ts'
import { expectEcho } from './expectations.ts'

/** E1, E2, E3, E7 with real public, private and metadata addresses and names, and R8 with a real full disk. */
export const namespaceGroup: FaultGroup = {
  name: 'namespace',
  needsNamespace: true,
  cases: [
    {
      requirement: 'E3',
      name: 'a public server cannot redirect the hub to private or metadata addresses',
      run: redirectInward,
    },
    {
      requirement: 'E2',
      name: 'a name that turns into a metadata address gains nothing, 200 tries',
      run: rebinding,
    },
    {
      requirement: 'E7',
      name: 'a name that leads to the hub itself or to a metadata address is refused',
      run: namesInward,
    },
    {
      requirement: 'A12',
      also: ['E7'],
      name: 'a client_id whose name leads to a private address or to the hub is an error page',
      run: documentsInward,
    },
    {
      requirement: 'R8',
      name: 'a full disk refuses writes, keeps reading and calling, and heals by itself',
      run: diskFull,
    },
  ],
}

const PUBLIC = '93.184.216.34'
const INNER = ['169.254.169.254', '10.9.8.7', '172.16.5.4', '192.168.7.6', '100.64.0.1', '198.18.0.1']

interface Net {
  readonly canaries: readonly Canary[]
  readonly port: number
  readonly zone: Zone
}

/** Addresses on the namespace's own loopback, a canary on each, and a resolver that answers from a table. */
async function ownNet(rig: Rig): Promise<Net> {
  for (const address of [PUBLIC, ...INNER]) {
    execFileSync('ip', ['addr', 'replace', `${address}/32`, 'dev', 'lo'])
  }
  const { port } = await rig.ownEvil('2026-07-28')
  const canaryPort = port === 65_535 ? 1024 : port + 1
  const canaries = await Promise.all(INNER.map((address) => startCanary(address, canaryPort)))
  canaries.forEach((canary) => rig.defer(() => canary.close()))
  const zone: Zone = new Map()
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => void socket.send(answerQuery(query, zone), from.port, from.address))
  await new Promise<void>((resolve) => socket.bind(53, '127.0.0.1', resolve))
  rig.defer(() => new Promise<void>((resolve) => socket.close(resolve)))
  const folder = mkdtempSync(join(tmpdir(), 'parley-resolv-'))
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
  execFileSync('mount', ['--bind', join(folder, 'resolv.conf'), '/etc/resolv.conf'])
  rig.defer(() => {
    execFileSync('umount', ['/etc/resolv.conf'])
    rmSync(folder, { recursive: true, force: true })
  })
  return { canaries, port: canaryPort, zone }
}

function expectSilence(net: Net, label: string): void {
  for (const [index, canary] of net.canaries.entries()) {
    assert.equal(
      canary.bytes,
      0,
      `${label}: ${INNER[index]} was spoken to: ${canary.heard.join().slice(0, 300)}`,
    )
    assert.equal(canary.connections, 0, `${label}: ${INNER[index]} was connected to`)
  }
}

async function redirectInward(rig: Rig): Promise<void> {
  const net = await ownNet(rig)
  net.zone.set('public.test', [PUBLIC])
  net.zone.set('inner.test', ['10.9.8.7'])
  const evil = await startEvil('2026-07-28', {}, { host: PUBLIC, port: 8080 })
  rig.defer(() => evil.close())
  const hub = await rig.ownHub({
    config: {
      servers: { public: { url: 'http://public.test:8080/mcp' } },
      limits: { upstreamTimeoutMs: 3000 },
    },
  })
  await settle(hub)
  const face = await openFace(hub, '2026-07-28', '/mcp/servers/public')
  await expectEcho(face)
  const hosts = [
    ...INNER,
    'inner.test',
    'localhost',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0',
    '[::1]',
    '[::ffff:7f00:1]',
    '[::]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ]
  for (const status of [301, 302, 307, 308]) {
    for (const host of hosts) {
      const reply = await face.call('redirect', { status, to: `http://${host}:${net.port}/mcp` })
      assert.ok(reply.answer && 'error' in reply.answer, `${status} to ${host}: ${reply.text.slice(0, 200)}`)
    }
  }
  expectSilence(net, 'redirected')
}

async function rebinding(rig: Rig): Promise<void> {
  const net = await ownNet(rig)
  const evil = await startEvil('2026-07-28', {}, { host: PUBLIC, port: net.port })
  rig.defer(() => evil.close())
  net.zone.set('rebind.test', [PUBLIC])
  const hub = await rig.ownHub({
    config: {
      servers: { rebind: { url: `http://rebind.test:${net.port}/mcp` } },
      limits: { upstreamTimeoutMs: 2000, requestsPerSecond: 100_000 },
    },
  })
  await settle(hub)
  await expectEcho(await openFace(hub, '2026-07-28', '/mcp/servers/rebind'))
  let turn = 0
  net.zone.set('rebind.test', () =>
    rig.random.integer(2) === 0
      ? [PUBLIC]
      : turn++ % 2 === 0
        ? ['169.254.169.254']
        : ['169.254.169.254', PUBLIC],
  )
  const face = await openFace(hub, '2026-07-28', '/mcp/servers/rebind')
  let answered = 0
  for (let tries = 0; tries < 200; tries += 1) {
    // Without a connection to reuse, each call looks the name up anew.
    for (const socket of evil.sockets) socket.destroy()
    const reply = await face.call('echo', { text: 'x' })
    if (toolText(reply)) answered += 1
  }
  assert.ok(turn > 20, `the name was looked up ${turn} times only as a metadata address`)
  assert.ok(answered > 20, `the public answers still work: ${answered} of 200`)
  expectSilence(net, 'rebound')
}

async function namesInward(rig: Rig): Promise<void> {
  const net = await ownNet(rig)
  const metadataNames = ['metadata.google.internal', 'metadata.test', 'cname.test']
  for (const name of metadataNames) net.zone.set(name, ['169.254.169.254'])
  net.zone.set('self.test', ['127.0.0.1'])
  const urls = [
    ...metadataNames.map((name) => `http://${name}:${net.port}/mcp`),
    `http://169.254.169.254:${net.port}/mcp`,
    `http://[::ffff:169.254.169.254]:${net.port}/mcp`,
    `http://198.18.0.1:${net.port}/mcp`,
    `http://self.test:${rig.hub.port}/mcp`,
  ]
  for (const url of urls) {
    const added = await rig.hub.api('POST', '/api/servers', { name: 'inward', url })
    await rig.hub.api('POST', '/api/servers/inward/test')
    if (added.status < 300) {
      const reply = await (await rig.face('2026-07-28', '/mcp/servers/inward')).call('echo')
      assert.ok(reply.answer === undefined || 'error' in reply.answer, `${url} answered`)
      const shown = await rig.hub.api('GET', '/api/servers/inward')
      assert.ok(!/HTTP 401/.test(shown.text), `${url}: the hub spoke to itself: ${shown.text.slice(0, 300)}`)
    }
    await rig.hub.api('DELETE', '/api/servers/inward')
  }
  expectSilence(net, 'by name')
}

async function documentsInward(rig: Rig): Promise<void> {
  const net = await ownNet(rig)
  INNER.forEach((address, index) => net.zone.set(`inner${index}.test`, [address]))
  net.zone.set('half.test', [PUBLIC, '10.9.8.7'])
  net.zone.set('self.test', ['127.0.0.1'])
  const clientIds = [
    ...INNER.map((_, index) => `https://inner${index}.test:${net.port}/app.json`),
    `https://half.test:${net.port}/app.json`,
    `https://self.test:${rig.hub.port}/app.json`,
    `https://nowhere.test/app.json`,
  ]
  for (const client_id of clientIds) {
    const query = new URLSearchParams({
      client_id,
      redirect_uri: 'https://app.example/callback',
      response_type: 'code',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
    const reply = await rig.hub.send({
      method: 'GET',
      path: `/oauth/authorize?${query}`,
      anonymous: true,
    })
    assert.equal(reply.status, 400, `${client_id}: ${reply.text.slice(0, 200)}`)
    assert.equal(reply.headers.location, undefined, client_id)
    assert.match(reply.text, /metadata document could not be fetched/, client_id)
  }
  expectSilence(net, 'as a client_id')
}
