import assert from 'node:assert/strict'
import type { Era } from '../evil/evil-state.ts'
import { toolText } from '../kit/face.ts'
import { startChaosProxy } from '../kit/chaos-proxy.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig, type UpstreamName } from '../run/rig.ts'
import { addServer, expectEcho, expectRpcError, sleep } from './expectations.ts'
import { freshFace } from './fresh-face.ts'

/** E3, E5 and R10 at the call: whatever an upstream does to a connection, the caller gets an answer of its own. */
export const upstreamFaultsGroup: FaultGroup = {
  name: 'upstream-faults',
  cases: [
    ...ERAS.flatMap((era) => [
      {
        requirement: 'R10',
        name: `a reset is told at once, a hang at the limit, and the next call works (${era})`,
        run: (rig: Rig) => resetAndHang(rig, era),
      },
      {
        requirement: 'R10',
        name: `an upstream that went away and came back is used again (${era})`,
        run: (rig: Rig) => awayAndBack(rig, era),
      },
      {
        requirement: 'E3',
        name: `redirects are not followed, nor are credentials sent along (${era})`,
        run: (rig: Rig) => redirects(rig, era),
      },
    ]),
    { requirement: 'R10', name: 'connections cut at any byte end in an answer', run: cutAnywhere },
    { requirement: 'E5', name: 'an error tells the caller nothing of ports and addresses', run: noOracle },
    { requirement: 'G1', name: "an upstream's response headers stay with the hub", run: responseHeaders },
  ],
}

async function resetAndHang(rig: Rig, era: Era): Promise<void> {
  await Promise.all(UPSTREAMS.map((upstream) => resetAndHangAt(rig, era, upstream)))
}

async function resetAndHangAt(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const face = await freshFace(rig, era, upstream)
  const reset = await face.call('rst')
  expectRpcError(reset, `${upstream}: reset`)
  rig.figure(`${upstream}: told of a reset after ms`, reset.milliseconds, 1000)
  const again = await freshFace(rig, era, upstream)
  const hung = await again.call('hang')
  expectRpcError(hung, `${upstream}: hang`)
  assert.ok(
    hung.milliseconds > 2500,
    `${upstream}: the hang was given up after ${Math.round(hung.milliseconds)} ms already`,
  )
  rig.figure(`${upstream}: hang cut this many ms past the limit`, Math.abs(hung.milliseconds - 3000), 500)
  await expectEcho(again)
  await again.close()
}

async function awayAndBack(rig: Rig, era: Era): Promise<void> {
  for (const upstream of ['modern', 'legacy'] as const) {
    const face = await freshFace(rig, era, upstream)
    const running = face.call('hang')
    await sleep(200)
    await rig[upstream].down()
    const cut = await running
    expectRpcError(cut, `${upstream}: the call under way`)
    rig.figure(`${upstream}: told of its end after ms`, cut.milliseconds - 200, 1000)
    const away = await face.call('echo')
    assert.ok(
      away.answer === undefined || 'error' in away.answer,
      'no result can come from a server that is away',
    )
    const listed = await (await rig.face(era, '/mcp')).send('tools/list')
    assert.ok(
      listed.answer && 'result' in listed.answer,
      `the merged list while ${upstream} is away: ${listed.status} ${listed.text.slice(0, 200)}`,
    )
    await rig[upstream].up()
    const started = performance.now()
    const back = await freshFace(rig, era, upstream)
    rig.figure(`${upstream}: used again after ms`, performance.now() - started, 2000)
    await back.close()
  }
}

async function cutAnywhere(rig: Rig): Promise<void> {
  for (const upstream of ['modern', 'legacy'] as const) {
    const proxy = await startChaosProxy(rig[upstream].port)
    rig.defer(() => proxy.close())
    await addServer(rig, `chaos-${upstream}`, `http://127.0.0.1:${proxy.port}/mcp`)
    for (let round = 0; round < 30; round += 1) {
      proxy.chaos.cutAfterBytes = rig.random.integer(600)
      proxy.resetAll()
      const face = await rig.face('2026-07-28', `/mcp/servers/chaos-${upstream}`)
      const reply = await face.call('echo', { text: 'x'.repeat(200) }, { id: `cut-${round}` })
      assert.ok(
        reply.answer,
        `cut after ${proxy.chaos.cutAfterBytes} bytes: ${reply.status} ${reply.text.slice(0, 200)}`,
      )
      assert.equal(reply.answer['id'], `cut-${round}`)
    }
    proxy.chaos.cutAfterBytes = -1
    proxy.resetAll()
    let answered = false
    for (let tries = 0; tries < 40 && !answered; tries += 1) {
      const face = await rig.face('2026-07-28', `/mcp/servers/chaos-${upstream}`)
      answered = toolText(await face.call('echo', { text: 'whole' })) !== undefined
      if (!answered) await sleep(250)
    }
    assert.ok(answered, `${upstream}: once the connection holds, calls work again`)
  }
}

async function redirects(rig: Rig, era: Era): Promise<void> {
  for (const upstream of ['modern', 'legacy'] as const) {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const to of canarySpellings(rig.canary.port)) {
        const face = await freshFace(rig, era, upstream)
        const reply = await face.call('redirect', { status, to }, { id: 'redirect' })
        expectRpcError(reply, `${upstream}: ${status} to ${to}`)
        assert.equal(rig.canary.connections, 0, `${status} to ${to} was followed: ${rig.canary.heard.join()}`)
        assert.equal(reply.headers.location, undefined, 'the redirect was passed on to the caller')
        await face.close()
      }
    }
  }
}

function canarySpellings(port: number): string[] {
  return [
    '127.0.0.1',
    'localhost',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0',
    '[::ffff:7f00:1]',
    '0177.0.0.1',
    'localhost.',
  ].map((host) => `http://${host}:${port}/mcp`)
}

async function noOracle(rig: Rig): Promise<void> {
  const closedPort = await closedPortOf(rig)
  await rig.hub.api('POST', '/api/servers', { name: 'nobody', url: `http://127.0.0.1:${closedPort}/mcp` })
  rig.defer(() => rig.hub.api('DELETE', '/api/servers/nobody'))
  await rig.settle()
  const face = await rig.face('2026-07-28', '/mcp/servers/nobody')
  const answers = [await face.call('echo')]
  const modern = await rig.face('2026-07-28', '/mcp/servers/modern')
  for (const tool of ['rst', 'garbage', 'status']) answers.push(await modern.call(tool))
  for (const reply of answers) {
    const text = JSON.stringify(reply.answer ?? reply.text)
    expectRpcError(reply, 'an upstream that fails')
    for (const leak of [
      'ECONN',
      '127.0.0.1',
      String(closedPort),
      String(rig.modern.port),
      'socket',
      'undici',
      '\\n    at ',
      'node:',
      'evil status page',
    ]) {
      assert.ok(!text.includes(leak), `the error tells ${leak}: ${text.slice(0, 300)}`)
    }
  }
}

async function closedPortOf(rig: Rig): Promise<number> {
  const evil = await rig.ownEvil('2026-07-28')
  await evil.close()
  return evil.port
}

async function responseHeaders(rig: Rig): Promise<void> {
  for (const era of ERAS) {
    for (const upstream of ['modern', 'legacy'] as const) {
      const face = await rig.face(era, `/mcp/servers/${upstream}`)
      const reply = await face.call('set_headers')
      assert.ok(reply.answer, `${reply.status} ${reply.text.slice(0, 200)}`)
      for (const name of [
        'set-cookie',
        'access-control-allow-origin',
        'refresh',
        'clear-site-data',
        'link',
        'x-evil',
      ]) {
        assert.equal(
          reply.headers[name],
          undefined,
          `${era} → ${upstream}: ${name} of the upstream reached the client`,
        )
      }
      await face.close()
    }
  }
}
