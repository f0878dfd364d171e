import assert from 'node:assert/strict'
import type { Json } from '../evil/evil-state.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { expectHttpRefusal, Deviations } from './expectations.ts'

/** E1, E6 and E7 as far as they need no addresses of their own: what may stand as a server's URL. */
export const egressGroup: FaultGroup = {
  name: 'egress',
  cases: [
    {
      requirement: 'E6',
      name: 'only http and https, without user information, by API and by file',
      run: schemes,
    },
    { requirement: 'E7', name: 'the hub is no upstream of itself, in any spelling', run: noLoop },
    {
      requirement: 'E7',
      name: 'the hub is no upstream of itself by file, on a fixed port',
      run: noLoopByFile,
    },
    {
      requirement: 'E1',
      name: 'special and metadata addresses are refused in every spelling, typed or not',
      run: specialAddresses,
    },
    {
      requirement: 'E5',
      name: 'refused targets are refused alike, whatever stands behind them',
      run: refusedAlike,
    },
  ],
}

const BAD_URLS = [
  'unix:/tmp/x.sock',
  'http+unix://%2ftmp%2fx.sock/mcp',
  'file:///etc/passwd',
  'ftp://localhost/mcp',
  'data:text/plain,x',
  'gopher://localhost/',
  'javascript:alert(1)',
  'ws://localhost/mcp',
  'wss://localhost/mcp',
  'stdio://x',
  'blob:http://localhost/x',
  'http://',
  'https://',
  'localhost:3000',
  '//localhost/mcp',
  '/mcp',
  '',
  ' ',
  'http://user@localhost/mcp',
  'http://user:zzPASSWORD@localhost/mcp',
  'http://localhost:99999/mcp',
  'http://localhost:-1/mcp',
  'http://local host/mcp',
  'http://[::1/mcp',
  'http://\u0000localhost/',
  `http://localhost/${'x'.repeat(3000)}`,
]

async function schemes(rig: Rig): Promise<void> {
  const deviations = new Deviations()
  for (const url of BAD_URLS) {
    await deviations.try(JSON.stringify(url.slice(0, 60)), async () => {
      const reply = await rig.hub.api('POST', '/api/servers', { name: 'odd', url })
      if (reply.status < 300) await rig.hub.api('DELETE', '/api/servers/odd')
      expectHttpRefusal(reply, 'a server there', [400, 422, 502])
      assert.ok(!reply.text.includes('zzPASSWORD'), 'the refusal repeats a password')
    })
  }
  deviations.expectNone()
  for (const value of [7, null, {}, ['http://localhost/'], true]) {
    expectHttpRefusal(
      await rig.hub.api('POST', '/api/servers', { name: 'odd', url: value }),
      `a url of ${JSON.stringify(value)}`,
      [400, 422],
    )
  }
  for (const url of [
    'file:///etc/passwd',
    'unix:/tmp/x.sock',
    'http://user:password@localhost/mcp',
    'ws://localhost/mcp',
    'nonsense',
  ]) {
    const { code, output } = await rig.refusedHub({ config: { servers: { odd: { url } } } })
    assert.ok(typeof code === 'number' && code !== 0, `${url} in the file was taken`)
    assert.ok(!/^\s+at /m.test(output), `${url}: a stack instead of an explanation`)
  }
}

/** Adds a server, tests it, calls it and takes it away; says what became of it. */
async function tryServer(
  rig: Rig,
  url: string,
): Promise<{ reached: boolean; texts: string[]; milliseconds: number }> {
  const started = performance.now()
  const added = await rig.hub.api('POST', '/api/servers', { name: 'tried', url })
  const milliseconds = performance.now() - started
  const texts = [added.text]
  let reached = false
  if (added.status < 300) {
    const tested = await rig.hub.api('POST', '/api/servers/tried/test')
    const shown = await rig.hub.api('GET', '/api/servers/tried')
    texts.push(tested.text, shown.text)
    reached = tested.json?.['ok'] === true || shown.json?.['health'] === 'ready'
    const face = await rig.face('2026-07-28', '/mcp/servers/tried')
    const call = await face.call('echo')
    texts.push(call.text)
    reached ||= call.answer !== undefined && 'result' in call.answer
    await rig.hub.api('DELETE', '/api/servers/tried')
  }
  assert.ok(
    added.status < 500 || added.status === 502,
    `adding ${url}: ${added.status} ${added.text.slice(0, 200)}`,
  )
  return { reached, texts, milliseconds }
}

function selfSpellings(port: number): string[] {
  const hosts = [
    'localhost',
    '127.0.0.1',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '0177.0.0.1',
    '0',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'LOCALHOST',
    'localhost.',
    '127.0.0.2',
    '\uff11\uff12\uff17.0.0.1',
  ]
  return hosts.map((host) => `http://${host}:${port}/mcp`)
}

async function noLoop(rig: Rig): Promise<void> {
  for (const base of selfSpellings(rig.hub.port)) {
    for (const url of [base, `${base}/servers/good`, base.replace('/mcp', '/healthz')]) {
      const calls = rig.good.state.seen.length
      const { reached, texts } = await tryServer(rig, url)
      assert.ok(!reached, `${url} was reached`)
      assert.equal(rig.good.state.seen.length - calls, 0, `${url} led on to another server`)
      // A 401 of its own would prove that the hub had connected to itself.
      assert.ok(
        !/\b401\b/.test(texts.slice(1).join()),
        `${url}: the hub answered itself: ${texts.join().slice(0, 400)}`,
      )
    }
  }
}

async function noLoopByFile(rig: Rig): Promise<void> {
  const free = await rig.ownEvil('2026-07-28')
  await free.close()
  const servers: Json = { loop: { url: `http://localhost:${free.port}/mcp` }, good: { url: rig.good.url } }
  const started = await rig
    .ownHub({ config: { servers }, args: ['--port', String(free.port)] })
    .catch((error: Error) => error)
  // Refusing to start is as good as starting without that server.
  if (started instanceof Error) return
  const shown = await started.api('GET', '/api/servers/loop')
  assert.notEqual(shown.json?.['health'], 'ready', 'the hub serves itself')
  assert.equal((await started.api('GET', '/api/servers/good')).status, 200)
}

const SPECIAL = [
  '169.254.169.254',
  '169.254.170.2',
  '0xa9fea9fe',
  '2852039166',
  '[::ffff:169.254.169.254]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '100.100.100.200',
  '0',
  '0.0.0.0',
  '[::]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2001::1]',
  '198.18.0.1',
  '192.0.2.1',
  '203.0.113.7',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[ff02::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[5f00::1]',
  '[::127.0.0.1]',
]

async function specialAddresses(rig: Rig): Promise<void> {
  for (const host of SPECIAL) {
    const { reached, milliseconds } = await tryServer(rig, `http://${host}:${rig.canary.port}/mcp`)
    assert.ok(!reached, `${host} was reached`)
    assert.ok(milliseconds < 3000, `${host}: ${Math.round(milliseconds)} ms: it was tried instead of refused`)
  }
  assert.equal(rig.canary.connections, 0, rig.canary.heard.join())
}

async function refusedAlike(rig: Rig): Promise<void> {
  const seen = new Set<string>()
  for (const port of [8080, rig.canary.port, rig.good.port, 4321]) {
    const { texts } = await tryServer(rig, `http://169.254.169.254:${port}/mcp`)
    const words = texts.map((text) =>
      text
        .replaceAll(`254:${port}/`, '254/')
        .replace(/"id":\d+|\d{10,}|[a-z]{3}_[0-9A-Z]{26}|"milliseconds":[\d.]+/g, ''),
    )
    seen.add(words.join('\n'))
  }
  assert.equal(
    seen.size,
    1,
    `ports of a refused address are told apart: ${[...seen].join('\n---\n').slice(0, 1200)}`,
  )
}
