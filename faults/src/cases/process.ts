import assert from 'node:assert/strict'
import { countSeen, type Era } from '../evil/evil-state.ts'
import { describeEvilStdio } from '../evil/start-evil.ts'
import { openFace, toolText } from '../kit/face.ts'
import { exchangeRaw } from '../kit/raw-tcp.ts'
import { descendants, isAlive, isZombie, residentBytes } from '../kit/process-probe.ts'
import type { Hub } from '../kit/hub.ts'
import { openStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, settle, type Rig } from '../run/rig.ts'
import { expectEcho, sleep, until } from './expectations.ts'
import { baitRequest } from './raw-requests.ts'

/** R15 and R31: how the hub ends, and what becomes of its children. */
export const processGroup: FaultGroup = {
  name: 'process',
  cases: [
    ...ERAS.map((era) => ({
      requirement: 'R15',
      name: `SIGTERM finishes what is under way and takes nothing new (${era})`,
      run: (rig: Rig) => drain(rig, era),
    })),
    {
      requirement: 'R15',
      name: 'subscriptions get their final response before the end (2026-07-28)',
      run: subscriptionsEnd,
    },
    {
      requirement: 'R15',
      name: 'a call that outlasts the drain limit is cut, the hub ends in order and its exit code says so',
      run: drainLimit,
    },
    { requirement: 'R15', name: 'a second SIGTERM ends it at once', run: secondSignal },
    {
      requirement: 'R31',
      name: 'a child that dies at start is started again ever more slowly',
      run: crashLoop,
    },
    {
      requirement: 'R31',
      name: 'a child that dies in a call is replaced, others unaffected',
      run: childDies,
    },
    {
      requirement: 'R31',
      name: 'SIGTERM leaves no child behind, not even a stubborn one or a grandchild',
      run: (rig) => noOrphans(rig, 'SIGTERM'),
    },
    { requirement: 'R31', name: 'kill -9 leaves no child behind', run: (rig) => noOrphans(rig, 'SIGKILL') },
    {
      requirement: 'R31',
      name: 'kill -9 leaves nothing behind that a child started, nor a stubborn child',
      run: (rig) => noOrphans(rig, 'SIGKILL', true),
    },
  ],
}

function own(rig: Rig, limits: Record<string, number> = {}): Promise<Hub> {
  const servers = {
    modern: { url: rig.modern.url },
    legacy: { url: rig.legacy.url },
    'stdio-modern': describeEvilStdio('2026-07-28').config,
  }
  return rig
    .ownHub({ config: { servers, limits: { drainMs: 8000, requestsPerSecond: 100_000, ...limits } } })
    .then(async (hub) => {
      await settle(hub)
      return hub
    })
}

async function drain(rig: Rig, era: Era): Promise<void> {
  const hub = await own(rig)
  const count = rig.settings.isFull ? 500 : 120
  const running: Promise<unknown>[] = []
  const texts: (string | undefined)[] = []
  for (const upstream of ['modern', 'legacy', 'stdio-modern']) {
    const face = await openFace(hub, era, `/mcp/servers/${upstream}`)
    for (let call = 0; call < count / 3; call += 1) {
      running.push(
        face.call('slow', { milliseconds: 2500 }, { timeoutMs: 20_000 }).then(
          (reply) => texts.push(toolText(reply)),
          () => texts.push('cut'),
        ),
      )
    }
  }
  await sleep(1200)
  assert.equal(
    (await hub.send({ method: 'GET', path: '/readyz', anonymous: true, headers: ['Connection', 'close'] }))
      .status,
    200,
  )
  const keptOpen = openReadiness(hub)
  hub.child.kill('SIGTERM')
  const ready = await keptOpen()
  rig.figure('not ready after ms', ready, 100)
  // For a moment a draining hub still accepts, so that balancers see that it is not ready before they see it gone.
  await sleep(500)
  const calls = countSeen(rig.modern.state, 'tools/call', 'count')
  const late = await exchangeRaw(hub.port, baitRequest(hub)).catch(() => undefined)
  const lateText = `a new call was taken while draining: ${late?.text.slice(0, 300)}`
  assert.ok(late === undefined || late.status === 0 || late.status === 503, lateText)
  assert.equal(countSeen(rig.modern.state, 'tools/call', 'count') - calls, 0, lateText)
  await Promise.all(running)
  assert.equal(
    texts.filter((text) => text === 'slow but done').length,
    running.length,
    `${texts.length} answered, of ${running.length} calls under way some were cut`,
  )
  assert.equal(await hub.exited, 0, 'the exit code')
}

/** Asks for readiness over and over on one kept connection; resolves with the time until it is refused or closed. */
function openReadiness(hub: Hub): () => Promise<number> {
  return async () => {
    const started = performance.now()
    while (performance.now() - started < 5000) {
      const status = await hub.send({ method: 'GET', path: '/readyz', anonymous: true }).then(
        (reply) => reply.status,
        () => 503,
      )
      if (status === 503) return performance.now() - started
      await sleep(5)
    }
    throw new Error('still ready 5 s after SIGTERM')
  }
}

async function subscriptionsEnd(rig: Rig): Promise<void> {
  const hub = await own(rig)
  const streams = []
  for (const path of ['/mcp', '/mcp/servers/modern', '/mcp/servers/legacy', '/mcp/servers/stdio-modern']) {
    const face = await openFace(hub, '2026-07-28', path)
    streams.push(
      await openStream(
        hub,
        face.build(
          'subscriptions/listen',
          { notifications: { toolsListChanged: true } },
          { id: `sub ${path}` },
        ),
      ),
    )
  }
  await Promise.all(
    streams.map((stream) =>
      stream.next((message) => message['method'] === 'notifications/subscriptions/acknowledged'),
    ),
  )
  hub.child.kill('SIGTERM')
  for (const stream of streams) {
    const final = await stream.next((message) => 'result' in message || 'error' in message, 10_000)
    assert.ok(
      'result' in final && String(final['id']).startsWith('sub '),
      `not a graceful end: ${JSON.stringify(final)}`,
    )
    assert.equal(await stream.ended, 'ended', 'the stream was cut')
  }
  assert.equal(await hub.exited, 0)
}

async function drainLimit(rig: Rig): Promise<void> {
  const hub = await own(rig, { drainMs: 1500 })
  const face = await openFace(hub, '2026-07-28', '/mcp/servers/modern')
  const hung = face.call('hang').then(
    (reply) => reply.status,
    () => 'cut',
  )
  await sleep(300)
  const started = performance.now()
  hub.child.kill('SIGTERM')
  const code = await hub.exited
  assert.equal(code, 1, 'the exit code of a drain that had to cut')
  assert.ok(!/^\s+at /m.test(hub.log()), `ended with a stack: ${hub.log().slice(-500)}`)
  rig.figure('ended after ms, limit 1,500', performance.now() - started, 2500)
  await hung
}

async function secondSignal(rig: Rig): Promise<void> {
  const hub = await own(rig, { drainMs: 15_000 })
  const face = await openFace(hub, '2026-07-28', '/mcp/servers/modern')
  const hung = face.call('hang').then(
    (reply) => reply.status,
    () => 'cut',
  )
  await sleep(300)
  hub.child.kill('SIGTERM')
  await sleep(500)
  assert.ok(hub.isAlive(), 'the first signal must wait for the call')
  const started = performance.now()
  hub.child.kill('SIGTERM')
  await hub.exited
  rig.figure('ended after the second signal, ms', performance.now() - started, 500)
  await hung
}

async function crashLoop(rig: Rig): Promise<void> {
  await Promise.all(['start', 'initialize'].map((crash) => crashing(rig, crash)))
}

async function crashing(rig: Rig, crash: string): Promise<void> {
  const twin = describeEvilStdio('2026-07-28', { crash })
  const hub = await rig.ownHub({
    config: { servers: { crasher: twin.config, good: { url: rig.good.url } } },
  })
  const face = await openFace(hub, '2026-07-28', '/mcp/servers/crasher')
  const until = performance.now() + 7000
  while (performance.now() < until) {
    const reply = await face.call('echo', {}, { timeoutMs: 10_000 })
    assert.ok(
      reply.answer && 'error' in reply.answer,
      `a call to a crashing server: ${reply.status} ${reply.text.slice(0, 200)}`,
    )
    await sleep(50)
  }
  const starts = twin
    .entries()
    .filter((entry) => 'pid' in entry)
    .map((entry) => Number(entry['at']))
  // Era detection may spend two processes on one attempt; at a back-off of 1, 2, 4 s three attempts fit into 7 s.
  assert.ok(
    starts.length <= 8,
    `${crash}: started ${starts.length} times in 7 s while being called all the time`,
  )
  assert.ok(
    descendants(hub.pid).every((pid) => !isZombie(pid)),
    'zombies are left',
  )
  await expectEcho(await openFace(hub, '2026-07-28', '/mcp/servers/good'))
  rig.figure(`memory with a crash loop (${crash}), MB`, residentBytes(hub.pid) / 1e6, 200)
  await hub.stop()
}

async function childDies(rig: Rig): Promise<void> {
  for (const upstream of ['stdio-modern', 'stdio-legacy'] as const) {
    const face = await rig.face('2026-07-28', `/mcp/servers/${upstream}`)
    const running = face.call('slow', { milliseconds: 5000 })
    await sleep(200)
    const dying = await face.call('exit')
    assert.ok(dying.answer && 'error' in dying.answer, `the call it died in: ${dying.text.slice(0, 200)}`)
    const other = await running
    assert.ok(other.answer && 'error' in other.answer, `the call beside it: ${other.text.slice(0, 200)}`)
    const waited = await until(
      'it is back',
      async () => toolText(await face.call('echo', { text: 'back' })) !== undefined,
      20_000,
    )
    rig.figure(`${upstream} back after ms`, waited, 3000)
    assert.ok(
      descendants(rig.hub.pid).every((pid) => !isZombie(pid)),
      'a zombie is left',
    )
  }
}

async function noOrphans(
  rig: Rig,
  signal: 'SIGTERM' | 'SIGKILL',
  isWholeGroup = signal === 'SIGTERM',
): Promise<void> {
  const twins = [
    describeEvilStdio('2026-07-28'),
    describeEvilStdio('2025-11-25'),
    describeEvilStdio('2026-07-28', { stubborn: isWholeGroup }),
  ]
  const servers = Object.fromEntries(twins.map((twin, index) => [`child-${'abc'[index]}`, twin.config]))
  const hub = await rig.ownHub({ config: { servers, limits: { drainMs: 2000 } } })
  await settle(hub)
  const grandchildren: number[] = []
  for (const letter of 'abc') {
    const face = await openFace(hub, '2026-07-28', `/mcp/servers/child-${letter}`)
    grandchildren.push(Number(toolText(await face.call('spawn_child'))))
  }
  const everyone = [...new Set([...descendants(hub.pid), ...grandchildren])]
  const family = isWholeGroup ? everyone : everyone.filter((pid) => !grandchildren.includes(pid))
  assert.ok(everyone.length >= 6, `three children and their three: ${everyone.length}`)
  rig.defer(() => everyone.filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL')))
  hub.child.kill(signal)
  await hub.exited
  const deadline = performance.now() + (signal === 'SIGKILL' ? 5000 : 3000)
  while (family.some(isAlive) && performance.now() < deadline) await sleep(50)
  const left = family.filter(isAlive)
  assert.deepEqual(left, [], `of ${family.length} processes (grandchildren: ${grandchildren.join()})`)
}
