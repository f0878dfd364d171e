import assert from 'node:assert/strict'
import { openFiles, residentBytes } from '../kit/process-probe.ts'
import { begin } from '../kit/http.ts'
import { openStream, type OpenStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Era } from '../evil/evil-state.ts'
import { ERAS, type Rig } from '../run/rig.ts'
import { expectEcho, sleep, until } from './expectations.ts'

const CAP = 20

/** D7 and D8: streams that stay, and readers that do not read. */
export const streamsGroup: FaultGroup = {
  name: 'streams',
  runsAlone: true,
  rig: { limits: { streamsPerPrincipal: CAP } },
  cases: [
    {
      requirement: 'D7',
      name: 'one caller opens only so many subscriptions (2026-07-28)',
      gap: 'the gateway does not yet count its streams',
      run: subscriptionCap,
    },
    {
      requirement: 'D7',
      name: 'one caller opens only so many standing streams (2025-11-25)',
      run: standingCap,
    },
    { requirement: 'D7', name: 'closed streams are given back', run: givenBack },
    ...ERAS.map((era) => ({
      requirement: 'D8',
      name: `readers that do not read cost no memory and lose nobody else an event (${era})`,
      run: (rig: Rig) => slowReaders(rig, era),
    })),
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
  let refused = 0
  for (let opened = 0; opened < CAP + 5; opened += 1) {
    // A cap on sessions that is met first serves as well: what counts is that streams end somewhere.
    const face = await rig.face('2025-11-25', '/mcp/servers/modern').catch((error: Error) => error)
    if (face instanceof Error) {
      assert.match(face.message, /answered 429/)
      refused += 1
      continue
    }
    rig.defer(() => face.close())
    const headers = ['Accept', 'text/event-stream', 'Mcp-Session-Id', face.session ?? '']
    streams.push(await openStream(rig.hub, { method: 'GET', path: face.path, headers }))
  }
  rig.defer(() => streams.forEach((stream) => stream.abort()))
  const served = streams.filter((stream) => stream.status === 200).length
  const statuses = streams.map((stream) => stream.status).join(' ')
  assert.ok(
    served > 0 && served <= CAP,
    `${served} of ${streams.length} standing streams were served: ${statuses}`,
  )
  assert.ok(
    streams.every((stream) => [200, 429].includes(stream.status)),
    statuses,
  )
  assert.equal(served + refused + streams.filter((stream) => stream.status === 429).length, CAP + 5)
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

async function slowReaders(rig: Rig, era: Era): Promise<void> {
  const memory = residentBytes(rig.hub.pid)
  const aborts = Array.from({ length: 15 }, () => new AbortController())
  rig.defer(() => aborts.forEach((abort) => abort.abort()))
  const face = await rig.face(era, '/mcp/servers/modern')
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
