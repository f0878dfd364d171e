import assert from 'node:assert/strict'
import { openFiles, residentBytes } from '../kit/process-probe.ts'
import { begin } from '../kit/http.ts'
import { openStream, type OpenStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, percentile, sleep, until } from './expectations.ts'

const CAP = 20

/** D7, D8 and D11: streams that stay, readers that do not read, upstreams that do not answer. */
export const streamsGroup: FaultGroup = {
  name: 'streams',
  rig: { limits: { streamsPerPrincipal: CAP } },
  cases: [
    {
      requirement: 'D7',
      name: 'one caller opens only so many subscriptions (2026-07-28)',
      run: subscriptionCap,
    },
    {
      requirement: 'D7',
      name: 'one caller opens only so many standing streams (2025-11-25)',
      run: standingCap,
    },
    { requirement: 'D7', name: 'closed streams are given back', run: givenBack },
    {
      requirement: 'D8',
      name: 'readers that do not read cost no memory and lose nobody else an event',
      run: slowReaders,
    },
    { requirement: 'D11', name: 'a hung upstream slows no other one down', run: hungUpstream },
  ],
}

async function listen(rig: Rig): Promise<OpenStream> {
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  return openStream(
    rig.hub,
    face.build('subscriptions/listen', { notifications: { toolsListChanged: true } }),
  )
}

async function subscriptionCap(rig: Rig): Promise<void> {
  const streams: OpenStream[] = []
  rig.defer(() => streams.forEach((stream) => stream.abort()))
  for (let opened = 0; opened < CAP + 10; opened += 1) streams.push(await listen(rig))
  const statuses = streams.map((stream) => stream.status)
  assert.deepEqual(statuses.slice(0, CAP), Array(CAP).fill(200), 'the first ones are served')
  assert.deepEqual(statuses.slice(CAP), Array(10).fill(429), 'the others are refused')
  const refused = streams[CAP]
  await refused?.ended
  assert.ok(
    refused?.messages.some((message) => 'error' in message),
    'refused in JSON-RPC',
  )
  await expectEcho(await rig.face('2026-07-28', '/mcp/servers/modern'))
}

async function standingCap(rig: Rig): Promise<void> {
  const streams: OpenStream[] = []
  for (let opened = 0; opened < CAP + 5; opened += 1) {
    const face = await rig.face('2025-11-25', '/mcp/servers/modern')
    rig.defer(() => face.close())
    streams.push(
      await openStream(rig.hub, {
        method: 'GET',
        path: face.path,
        headers: ['Accept', 'text/event-stream', 'Mcp-Session-Id', face.session ?? ''],
      }),
    )
  }
  rig.defer(() => streams.forEach((stream) => stream.abort()))
  const served = streams.filter((stream) => stream.status === 200).length
  assert.equal(
    served,
    CAP,
    `${served} of ${streams.length} standing streams were served: ${streams.map((stream) => stream.status).join(' ')}`,
  )
  assert.ok(
    streams.slice(CAP).every((stream) => stream.status === 429),
    'the others are refused with 429',
  )
}

async function givenBack(rig: Rig): Promise<void> {
  const first = await listen(rig)
  await first.next((message) => message['method'] === 'notifications/subscriptions/acknowledged')
  first.abort()
  await sleep(200)
  const files = openFiles(rig.hub.pid)
  for (let round = 0; round < 10; round += 1) {
    const streams = await Promise.all(Array.from({ length: CAP }, () => listen(rig)))
    assert.ok(
      streams.every((stream) => stream.status === 200),
      `round ${round}: ${streams.map((stream) => stream.status).join(' ')}`,
    )
    for (const stream of streams) stream.abort()
    await sleep(100)
  }
  await until('its files are as before', () => openFiles(rig.hub.pid) <= files + 12, 10_000)
}

async function slowReaders(rig: Rig): Promise<void> {
  const memory = residentBytes(rig.hub.pid)
  const aborts = Array.from({ length: 15 }, () => new AbortController())
  rig.defer(() => aborts.forEach((abort) => abort.abort()))
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const flood = {
    name: 'stream',
    arguments: { events: 0, intervalMs: 0, bytes: 20_000 },
    _meta: { progressToken: 'p' },
  }
  for (const abort of aborts) {
    const response = await begin(rig.hub, {
      ...face.build('tools/call', flood),
      signal: abort.signal,
      timeoutMs: 60_000,
    })
    response.on('error', () => response.destroy())
    response.pause()
  }
  const healthy = await openStream(
    rig.hub,
    face.build('tools/call', {
      name: 'stream',
      arguments: { events: 200, intervalMs: 10 },
      _meta: { progressToken: 'h' },
    }),
  )
  await healthy.next((message) => 'result' in message || 'error' in message, 30_000)
  assert.equal(
    healthy.messages.filter((message) => message['method'] === 'notifications/progress').length,
    200,
    'the healthy reader lost events',
  )
  await sleep(2000)
  rig.figure('memory taken by readers that do not read, MB', (residentBytes(rig.hub.pid) - memory) / 1e6, 100)
}

async function hungUpstream(rig: Rig): Promise<void> {
  const good = await rig.face('2026-07-28', '/mcp/servers/good')
  async function measure(calls: number): Promise<number> {
    const times: number[] = []
    for (let call = 0; call < calls; call += 1) {
      const started = performance.now()
      await expectEcho(good)
      times.push(performance.now() - started)
    }
    return percentile(times, 0.99)
  }
  await measure(200)
  const quiet = await measure(300)
  for (const upstream of ['modern', 'legacy', 'stdio-modern', 'stdio-legacy'] as const) {
    const face = await rig.face('2026-07-28', `/mcp/servers/${upstream}`)
    const hung = Array.from({ length: rig.settings.isFull ? 500 : 150 }, () =>
      face.call('hang', {}, { timeoutMs: 20_000 }),
    )
    const busy = await measure(300)
    const replies = await Promise.all(hung)
    assert.ok(
      replies.every((reply) => reply.answer && 'error' in reply.answer),
      `${upstream}: every hung call ends with an error: ${replies.find((reply) => !reply.answer)?.text.slice(0, 200)}`,
    )
    rig.figure(`${upstream} hung: p99 of another one, ratio`, busy / Math.max(quiet, 2), 1.2)
    await expectEcho(face)
  }
}
