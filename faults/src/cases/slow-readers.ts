import assert from 'node:assert/strict'
import type { Era } from '../evil/evil-state.ts'
import { begin } from '../kit/http.ts'
import { residentBytes } from '../kit/process-probe.ts'
import { openStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, type Rig } from '../run/rig.ts'
import { sleep } from './expectations.ts'

/** D8: readers that do not read. */
export const slowReadersGroup: FaultGroup = {
  name: 'slow-readers',
  runsAlone: true,
  rig: { limits: { streamsPerPrincipal: 500 } },
  cases: ERAS.flatMap((era) => [
    {
      requirement: 'D8',
      name: `readers that do not read cost no memory and lose nobody else an event (${era})`,
      run: (rig: Rig) => slowReaders(rig, era, { bytesPerSecond: 10_000_000, limitMegabytes: 100 }),
    },
    {
      requirement: 'D8',
      name: `a server that sends as fast as it can to readers that do not read fills no memory (${era})`,
      // As fast as the hub parses, what fills the heap is mostly garbage: it does not grow with the readers.
      run: (rig: Rig) => slowReaders(rig, era, { bytesPerSecond: Infinity, limitMegabytes: 400 }),
    },
  ]),
}

const EVENT_BYTES = 20_000

/** `bytesPerSecond`: what the server sends to all of them together. */
async function slowReaders(
  rig: Rig,
  era: Era,
  { bytesPerSecond, limitMegabytes }: { bytesPerSecond: number; limitMegabytes: number },
): Promise<void> {
  const count = rig.settings.isFull ? 60 : 15
  const intervalMs = Math.floor((1000 * count * EVENT_BYTES) / bytesPerSecond)
  const memory = residentBytes(rig.hub.pid)
  const aborts = Array.from({ length: count }, () => new AbortController())
  rig.defer(() => aborts.forEach((abort) => abort.abort()))
  const face = await rig.face(era, '/mcp/servers/modern')
  const flood = {
    name: 'stream',
    arguments: { events: 0, intervalMs, bytes: EVENT_BYTES },
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
  const taken = (residentBytes(rig.hub.pid) - memory) / 1e6
  rig.figure('memory taken by readers that do not read, MB', taken, limitMegabytes)
}
