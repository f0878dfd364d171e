import assert from 'node:assert/strict'
import type { FaultGroup } from '../run/fault-case.ts'
import { UPSTREAMS, type Rig } from '../run/rig.ts'
import { expectEcho, percentile, sleep } from './expectations.ts'

/** R8, R10 and D11: what one bad upstream costs the calls to another one. */
export const upstreamSpeedGroup: FaultGroup = {
  name: 'upstream-speed',
  runsAlone: true,
  cases: [
    {
      requirement: 'R10',
      name: 'mixed faults on one upstream leave another one as fast as before',
      run: mixedFaults,
    },
    {
      requirement: 'R8',
      also: ['D11'],
      name: 'upstreams that flap and dawdle cost another one neither a call nor its speed',
      run: flapping,
    },
    {
      requirement: 'D11',
      also: ['R8'],
      name: 'a hung upstream slows no other one down',
      run: hungUpstream,
    },
  ],
}

async function timesAtGood(rig: Rig, calls: number): Promise<number> {
  const good = await rig.face('2026-07-28', '/mcp/servers/good')
  const times: number[] = []
  for (let call = 0; call < calls; call += 1) {
    const started = performance.now()
    await expectEcho(good)
    times.push(performance.now() - started)
  }
  return percentile(times, 0.99)
}

async function mixedFaults(rig: Rig): Promise<void> {
  await timesAtGood(rig, 400)
  const quietMs = await timesAtGood(rig, 400)
  const state = { isDone: false }
  const evil = await rig.face('2026-07-28', '/mcp/servers/modern')
  const faults = Array.from({ length: 8 }, async () => {
    while (!state.isDone)
      await evil.call(
        rig.random.pick(['rst', 'rst_mid', 'garbage', 'wrong_id', 'status', 'bad_sse', 'no_final', 'echo']),
      )
  })
  const busyMs = await timesAtGood(rig, 400)
  state.isDone = true
  await Promise.all(faults)
  rig.slowdown('p99 of another one beside mixed faults', { quietMs, busyMs }, 2)
}

/** Two upstreams that come and go three times a second while they are called, and two processes that die all the time. */
async function flapping(rig: Rig): Promise<void> {
  await timesAtGood(rig, 200)
  const quietMs = await timesAtGood(rig, 300)
  const state = { isDone: false, answers: 0 }
  const flap = (['modern', 'legacy'] as const).map(async (upstream) => {
    while (!state.isDone) {
      await rig[upstream].down()
      await sleep(150)
      await rig[upstream].up()
      await sleep(150)
    }
  })
  const callers = UPSTREAMS.map(async (upstream) => {
    while (!state.isDone) {
      const face = await rig.face('2026-07-28', `/mcp/servers/${upstream}`)
      const tool = upstream.startsWith('stdio')
        ? rig.random.pick(['exit', 'echo'])
        : rig.random.pick(['echo', 'slow'])
      const reply = await face.call(tool, { milliseconds: 100 }, { timeoutMs: 20_000 })
      assert.ok(reply.answer, `${upstream}: no JSON-RPC answer: ${reply.status} ${reply.text.slice(0, 200)}`)
      state.answers += 1
      await sleep(5)
    }
  })
  const busyMs = await timesAtGood(rig, rig.settings.isFull ? 5000 : 1000)
  state.isDone = true
  await Promise.all([...flap, ...callers])
  assert.ok(state.answers > 20, `the flapping ones were called ${state.answers} times`)
  rig.slowdown('p99 of another one beside flapping ones', { quietMs, busyMs }, 2)
}

async function hungUpstream(rig: Rig): Promise<void> {
  await timesAtGood(rig, 200)
  const quietMs = await timesAtGood(rig, 300)
  for (const upstream of UPSTREAMS) {
    const face = await rig.face('2026-07-28', `/mcp/servers/${upstream}`)
    const hung = Array.from({ length: rig.settings.isFull ? 500 : 150 }, () =>
      face.call('hang', {}, { timeoutMs: 20_000 }),
    )
    // What is measured is the hanging, not the arrival of so many calls at once.
    await sleep(500)
    const busyMs = await timesAtGood(rig, 300)
    const replies = await Promise.all(hung)
    assert.ok(
      replies.every((reply) => reply.answer && 'error' in reply.answer),
      `${upstream}: every hung call ends with an error: ${replies.find((reply) => !reply.answer)?.text.slice(0, 200)}`,
    )
    rig.slowdown(`${upstream} hung: p99 of another one`, { quietMs, busyMs }, 1.2)
    await expectEcho(face)
  }
}
