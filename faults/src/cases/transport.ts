import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { exchangeRaw, openRaw, type RawConnection } from '../kit/raw-tcp.ts'
import { residentBytes } from '../kit/process-probe.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, expectHttpRefusal, percentile, sleep } from './expectations.ts'
import { baitRequest, smugglingCorpus } from './raw-requests.ts'

/** D6, D9, D10 and D13: connections, raw bytes and headers. */
export const transportGroup: FaultGroup = {
  name: 'transport',
  cases: [
    {
      requirement: 'D9',
      name: 'requests that two parsers read differently are refused, and the connection closed',
      run: smuggling,
    },
    {
      requirement: 'D9',
      name: 'nothing after a refused request is answered or forwarded',
      run: nothingAfterRefusal,
    },
    { requirement: 'D10', name: 'a header block over 16 KB is refused', run: headerBlock },
    {
      requirement: 'D10',
      name: 'what clients call themselves grows neither memory nor metrics',
      run: manyNames,
    },
    { requirement: 'D13', name: 'HTTP/2 is not spoken, by prior knowledge or by upgrade', run: noHttp2 },
    { requirement: 'D6', name: 'half-open requests are cut while real ones are served', run: halfOpen },
    { requirement: 'D6', name: 'bodies that trickle are cut', isLong: true, run: tricklingBody },
    { requirement: 'D6', name: 'idle connections are closed', isLong: true, run: idleConnections },
  ],
}

async function smuggling(rig: Rig): Promise<void> {
  const proper = await exchangeRaw(rig.hub.port, baitRequest(rig.hub), 300)
  assert.equal(proper.status, 200, `the bait itself is a proper request: ${proper.text.slice(0, 300)}`)
  const before = rig.count('modern', 'tools/call')
  const wrong: string[] = []
  for (const { label, bytes, mayStayOpen } of smugglingCorpus(rig.hub)) {
    const reply = await exchangeRaw(rig.hub.port, Buffer.from(bytes, 'latin1'), 150)
    const isRefused =
      (reply.status >= 400 && reply.status <= 505 && reply.status !== 500) ||
      (reply.status === 0 && reply.closed)
    if (!isRefused || !(reply.closed || mayStayOpen) || reply.responses > 1) {
      wrong.push(
        `${label}: ${reply.status || 'no answer'}, ${reply.responses} responses, ${reply.closed ? 'closed' : 'left open'}`,
      )
    }
  }
  const forwarded = rig.count('modern', 'tools/call') - before
  assert.equal(forwarded, 0, `${forwarded} baits reached the upstream; ${wrong.join('; ')}`)
  assert.deepEqual(wrong, [], `of ${smugglingCorpus(rig.hub).length}`)
}

async function nothingAfterRefusal(rig: Rig): Promise<void> {
  const before = rig.count('modern', 'tools/call')
  const bait = baitRequest(rig.hub)
  const starters = [
    `GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n`,
    `POST /mcp HTTP/1.1\r\nHost: localhost:${rig.hub.port}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    `GET /mcp HTTP/1.1\r\nHost : x\r\n\r\n`,
    `NONSENSE\r\n\r\n`,
  ]
  for (const starter of starters) {
    const reply = await exchangeRaw(rig.hub.port, starter + bait, 200)
    assert.ok(
      reply.status >= 400 && reply.status < 500,
      `${JSON.stringify(starter.slice(0, 30))}: ${reply.text.slice(0, 100)}`,
    )
    if (reply.responses > 1)
      assert.ok(starter.includes('evil.test'), 'only a whole, well-formed request may be followed by another')
  }
  const allowed = 1
  assert.ok(
    rig.count('modern', 'tools/call') - before <= allowed,
    'a request behind a malformed one was forwarded',
  )
}

async function headerBlock(rig: Rig): Promise<void> {
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const before = rig.count('modern', 'tools/call')
  for (const headers of [
    { 'x-long': 'x'.repeat(17_000) },
    Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`x-many-${index}`, 'x'.repeat(30)])),
  ]) {
    const reply = await face.call('echo', {}, { headers })
    expectHttpRefusal(reply, 'a long header block', [400, 431])
  }
  const longKey = await rig.hub.send({
    method: 'GET',
    path: '/api/status',
    headers: ['Authorization', `Bearer ${'x'.repeat(15_000)}`],
  })
  expectHttpRefusal(longKey, 'a long key', [400, 431])
  assert.equal(rig.count('modern', 'tools/call') - before, 0)
  await expectEcho(face)
}

async function manyNames(rig: Rig): Promise<void> {
  const count = rig.settings.isFull ? 100_000 : 4000
  const warm = await rig.face('2026-07-28', '/mcp/servers/modern')
  for (let call = 0; call < 500; call += 1) await warm.send('tools/list')
  const memory = residentBytes(rig.hub.pid)
  const before = await rig.hub.api('GET', '/metrics')
  const metricsBefore = before.text.split('\n').length
  for (let start = 0; start < count; start += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const name = `n${start + index}-${rig.random.integer(1e9)}`
        const face = await rig.face('2026-07-28', '/mcp/servers/modern', { clientName: name })
        const method = index % 3 === 0 ? `evil/${name}` : 'tools/list'
        const headers = {
          accept: `application/json, text/event-stream, text/${name}`,
          'user-agent': name,
          'mcp-param-x': name,
          'accept-language': name,
        }
        await face.send(method, { cursor: index % 5 === 0 ? name : undefined }, { headers })
        if (index % 10 === 0)
          await rig.hub.send({ method: 'GET', path: `/${name}`, anonymous: index % 20 === 0 })
      }),
    )
  }
  await sleep(500)
  const reply = await rig.hub.api('GET', '/metrics')
  // Where the address is not served there are no labels either.
  assert.equal(reply.status, before.status, `/metrics: ${reply.text.slice(0, 200)}`)
  const metrics = reply.text
  assert.ok(metrics.length < 1_000_000, `/metrics holds ${metrics.length} bytes`)
  assert.ok(
    metrics.split('\n').length < metricsBefore + 60,
    `/metrics grew from ${metricsBefore} to ${metrics.split('\n').length} lines`,
  )
  rig.figure(`memory taken by ${count} distinct names, MB`, (residentBytes(rig.hub.pid) - memory) / 1e6, 30)
}

async function noHttp2(rig: Rig): Promise<void> {
  const preface = await exchangeRaw(rig.hub.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 300)
  assert.ok(preface.closed, 'the HTTP/2 preface was not refused')
  assert.ok(
    preface.text === '' || preface.status >= 400,
    `HTTP/2 was answered: ${JSON.stringify(preface.text.slice(0, 60))}`,
  )
  const upgrade = await exchangeRaw(
    rig.hub.port,
    `GET /healthz HTTP/1.1\r\nHost: localhost:${rig.hub.port}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    300,
  )
  assert.notEqual(upgrade.status, 101, 'h2c was accepted')
  const websocket = await exchangeRaw(
    rig.hub.port,
    `GET /mcp HTTP/1.1\r\nHost: localhost:${rig.hub.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    300,
  )
  assert.notEqual(websocket.status, 101, 'an upgrade to WebSocket was accepted')
  const session = connectHttp2(`http://127.0.0.1:${rig.hub.port}`)
  const outcome = await new Promise<string>((resolve) => {
    session.on('error', () => resolve('refused'))
    session.on('close', () => resolve('refused'))
    session.on('remoteSettings', () => resolve('spoken'))
    setTimeout(() => resolve('silent'), 3000)
  })
  session.destroy()
  assert.equal(outcome, 'refused')
}

/** Opens connections that never finish their request, trickling a byte every two seconds. */
async function openHalf(rig: Rig, count: number, start: string): Promise<RawConnection[]> {
  const connections: RawConnection[] = []
  for (let opened = 0; opened < count; opened += 1) {
    const connection = await openRaw(rig.hub.port)
    await connection.send(start)
    connections.push(connection)
  }
  const timer = setInterval(() => connections.forEach((connection) => void connection.send('a')), 2000)
  rig.defer(() => {
    clearInterval(timer)
    connections.forEach((connection) => connection.close())
  })
  return connections
}

async function timesOf(rig: Rig, calls: number): Promise<number[]> {
  const face = await rig.face('2026-07-28', '/mcp/servers/good')
  const times: number[] = []
  for (let call = 0; call < calls; call += 1) {
    const started = performance.now()
    await expectEcho(face)
    times.push(performance.now() - started)
  }
  return times
}

async function halfOpen(rig: Rig): Promise<void> {
  await timesOf(rig, 100)
  const quietMs = percentile(await timesOf(rig, 200), 0.99)
  const started = performance.now()
  const connections = await openHalf(
    rig,
    rig.settings.isFull ? 2000 : 400,
    `POST /mcp HTTP/1.1\r\nHost: localhost:${rig.hub.port}\r\nX-Slow: `,
  )
  const busyMs = percentile(await timesOf(rig, 200), 0.99)
  rig.slowdown('p99 beside half-open requests', { quietMs, busyMs }, 2)
  while (connections.some((connection) => !connection.isClosed()) && performance.now() - started < 30_000)
    await sleep(200)
  const open = connections.filter((connection) => !connection.isClosed()).length
  assert.equal(open, 0, `${open} half-open requests still stand after 30 s`)
  assert.ok(
    performance.now() - started < 20_000,
    `cut after ${Math.round(performance.now() - started)} ms only`,
  )
  rig.figure('all half-open requests cut after ms', performance.now() - started, 15_000)
}

async function tricklingBody(rig: Rig): Promise<void> {
  const started = performance.now()
  const start = `${baitRequest(rig.hub, ['Content-Length: 100000']).split('\r\n\r\n')[0]}\r\n\r\n{`
  const connections = await openHalf(rig, 100, start)
  while (connections.some((connection) => !connection.isClosed()) && performance.now() - started < 60_000)
    await sleep(200)
  assert.ok(
    connections.every((connection) => connection.isClosed()),
    'a trickling body is still read after 60 s',
  )
  rig.figure('all trickling bodies cut after ms', performance.now() - started, 40_000)
}

async function idleConnections(rig: Rig): Promise<void> {
  const started = performance.now()
  const connection = await openRaw(rig.hub.port)
  await connection.send(`GET /healthz HTTP/1.1\r\nHost: localhost:${rig.hub.port}\r\n\r\n`)
  const silent = await openRaw(rig.hub.port)
  assert.ok(await connection.untilClosed(90_000), 'an idle connection is still open after 90 s')
  assert.ok(await silent.untilClosed(20_000), 'a connection that never spoke is still open')
  rig.figure('idle connection closed after ms', performance.now() - started, 70_000)
}
