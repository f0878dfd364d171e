import assert from 'node:assert/strict'
import { openFiles } from '../kit/process-probe.ts'
import { openStream, type OpenStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, sleep, until } from './expectations.ts'

const CAP = 20

/** D7: streams that stay. */
export const streamsGroup: FaultGroup = {
  name: 'streams',
  runsAlone: true,
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
