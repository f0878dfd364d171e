import assert from 'node:assert/strict'
import type { Era } from '../evil/evil-state.ts'
import { openStream } from '../kit/stream.ts'
import { openFiles } from '../kit/process-probe.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig, type UpstreamName } from '../run/rig.ts'
import { begin } from '../kit/http.ts'
import { percentile, sleep, until } from './expectations.ts'

/** P7 and R11: who goes away is not worked for any longer. */
export const cancellingGroup: FaultGroup = {
  name: 'cancelling',
  cases: [
    ...ERAS.flatMap((era) =>
      UPSTREAMS.map((upstream) => ({
        requirement: 'P7',
        name: `a cancelled call is cancelled upstream and its late answer reaches nobody (${era} → ${upstream})`,
        run: (rig: Rig) => cancelOne(rig, era, upstream),
      })),
    ),
    {
      requirement: 'P7',
      name: 'a stream cut in the middle is cancelled upstream (2026-07-28)',
      run: cutStream,
    },
    {
      requirement: 'R11',
      name: 'clients that vanish leave nothing behind (2026-07-28)',
      run: (rig: Rig) => vanish(rig, '2026-07-28'),
    },
    {
      requirement: 'R11',
      name: 'sessions that vanish leave nothing behind (2025-11-25)',
      run: (rig: Rig) => vanish(rig, '2025-11-25'),
    },
  ],
}

function cancellations(rig: Rig, upstream: UpstreamName, tool: string): number {
  if (upstream === 'modern' || upstream === 'legacy')
    return rig[upstream].state.cancelled.filter(({ name }) => name === tool).length
  const twin = upstream === 'stdio-modern' ? rig.stdioModern : rig.stdioLegacy
  return twin.entries().filter((entry) => entry['event'] === 'cancelled' && entry['name'] === tool).length
}

async function cancelOne(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const face = await rig.face(era, `/mcp/servers/${upstream}`)
  const calls = rig.count(upstream, 'tools/call', 'late')
  const before = cancellations(rig, upstream, 'late')
  const abort = new AbortController()
  const id = `late-${rig.random.integer(1e9)}`
  const request = face.build('tools/call', { name: 'late', arguments: { milliseconds: 2500 } }, { id })
  const pending = openStream(rig.hub, { ...request, signal: abort.signal })
  pending.catch(() => 'the client itself went away')
  await until('the call reaches the upstream', () => rig.count(upstream, 'tools/call', 'late') === calls + 1)
  const standing =
    era === '2025-11-25'
      ? await openStream(rig.hub, {
          method: 'GET',
          path: face.path,
          headers: ['Accept', 'text/event-stream', 'Mcp-Session-Id', face.session ?? ''],
        })
      : undefined
  if (era === '2026-07-28') abort.abort()
  else {
    const reply = await face.send('notifications/cancelled', { requestId: id, reason: 'no longer wanted' })
    assert.equal(reply.status, 202, `notifications/cancelled: ${reply.text.slice(0, 200)}`)
  }
  const waited = await until(
    'the upstream hears of it',
    () => cancellations(rig, upstream, 'late') > before,
    4000,
  )
  rig.figure('cancelled upstream after ms', waited, 500)
  await sleep(200)
  if (standing) {
    assert.ok(
      !JSON.stringify(standing.messages).includes('late answer'),
      'the late answer came on the standing stream',
    )
    standing.abort()
    const own = await Promise.race([pending, sleep(100)])
    assert.ok(
      !JSON.stringify(own?.messages ?? []).includes('late answer'),
      'the late answer came on the cancelled stream',
    )
    abort.abort()
  }
  await face.close()
}

async function cutStream(rig: Rig): Promise<void> {
  for (const upstream of UPSTREAMS) {
    const face = await rig.face('2026-07-28', `/mcp/servers/${upstream}`)
    const before = cancellations(rig, upstream, 'stream')
    const params = {
      name: 'stream',
      arguments: { events: 0, intervalMs: 20 },
      _meta: { progressToken: 'mine' },
    }
    const stream = await openStream(rig.hub, face.build('tools/call', params))
    await stream.next((message) => message['method'] === 'notifications/progress')
    stream.response.socket.resetAndDestroy()
    const waited = await until(
      `${upstream} hears of it`,
      () => cancellations(rig, upstream, 'stream') > before,
      4000,
    )
    rig.figure(`${upstream}: cut stream cancelled after ms`, waited, 500)
  }
}

async function vanish(rig: Rig, era: Era): Promise<void> {
  const count = rig.settings.isFull ? 500 : 150
  const face = await rig.face(era, '/mcp/servers/modern')
  await face.call('echo')
  await sleep(300)
  const filesBefore = openFiles(rig.hub.pid)
  const running = (): number => rig.count('modern', 'tools/call', 'hang')
  const cancelled = (): number => cancellations(rig, 'modern', 'hang')
  const [runningBefore, cancelledBefore] = [running(), cancelled()]
  const aborts = Array.from({ length: count }, () => new AbortController())
  const ids = aborts.map((_, index) => `v-${index}-${rig.random.integer(1e9)}`)
  aborts.forEach((abort, index) => {
    const request = face.build('tools/call', { name: 'hang', arguments: {} }, { id: ids[index] })
    begin(rig.hub, { ...request, signal: abort.signal, timeoutMs: 60_000 }).catch(() => 'gone as planned')
  })
  await until(`${count} calls are running`, () => running() - runningBefore === count, 20_000)
  const started = performance.now()
  aborts.forEach((abort) => abort.abort())
  if (era === '2025-11-25') await face.close()
  await until('all of them are cancelled', () => cancelled() - cancelledBefore >= count, 15_000)
  const times = rig.modern.state.cancelled.slice(-count).map(({ at }) => at - started)
  rig.figure(`${count} vanished clients: p99 of the cancel in ms`, percentile(times, 0.99), 500)
  await until('its files are as before', () => openFiles(rig.hub.pid) <= filesBefore + 12, 10_000)
}
