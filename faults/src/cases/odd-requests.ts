import assert from 'node:assert/strict'
import type { Era, Json } from '../evil/evil-state.ts'
import { toolText } from '../kit/face.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig, type UpstreamName } from '../run/rig.ts'
import { Deviations, expectEcho, expectRpcError } from './expectations.ts'

/** Legal JSON-RPC that is easily mishandled: methods no header can carry, ids used by many at once, odd tokens. */
export const oddRequestsGroup: FaultGroup = {
  name: 'odd-requests',
  cases: ERAS.flatMap((era) => [
    {
      requirement: 'P1',
      also: ['D14'],
      name: `a method that no header can carry is a clean error (${era})`,
      run: (rig: Rig) => oddMethods(rig, era),
    },
    ...UPSTREAMS.map((upstream) => ({
      requirement: 'P8',
      also: ['D14'],
      name: `many calls of one id at once are never crossed (${era} → ${upstream})`,
      run: (rig: Rig) => sameIds(rig, era, upstream),
    })),
    {
      requirement: 'D4',
      name: `odd progress tokens, cursors and capabilities break nothing (${era})`,
      run: (rig: Rig) => oddMetadata(rig, era),
    },
  ]),
}

const ODD_METHODS = [
  'tools/call\r\nX-Injected: 1',
  'méthode',
  'two words',
  'tab\tbed',
  '\u0000',
  '\u{1f600}',
  '',
  'x'.repeat(300),
  'x'.repeat(20_000),
  '__proto__',
  'constructor',
  'toString',
  'rpc.discover',
  '../tools/call',
]

async function oddMethods(rig: Rig, era: Era): Promise<void> {
  const deviations = new Deviations()
  for (const path of ['/mcp', ...UPSTREAMS.map((name) => `/mcp/servers/${name}`)]) {
    const face = await rig.face(era, path)
    const before = rig.modern.state.seen.length
    for (const method of ODD_METHODS) {
      // In 2026-07-28 the header cannot equal such a method, so it says an honest one.
      const headers = era === '2026-07-28' ? { 'mcp-method': 'tools/list' } : {}
      await deviations.try(`${path}: ${JSON.stringify(method.slice(0, 30))}`, async () => {
        const reply = await face.send(method, {}, { headers })
        const codes = era === '2026-07-28' ? [-32020, -32600] : [-32601, -32600]
        expectRpcError(reply, 'such a method', { code: codes })
        assert.ok(reply.status < 500, `answered ${reply.status}`)
      })
    }
    if (path.endsWith('/modern')) {
      const plain = rig.modern.state.seen.slice(before).map(({ method }) => method)
      // What a header can carry may be asked of the server; the rest never gets so far.
      const odd = plain.filter((method) => !/^[\x21-\x7e]{1,200}$/.test(method))
      assert.deepEqual(odd, [], 'an odd method reached the upstream')
    }
    if (path !== '/mcp') await expectEcho(face)
    await face.close()
  }
  deviations.expectNone()
}

async function sameIds(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const face = await rig.face(era, `/mcp/servers/${upstream}`)
  const replies = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const text = `mine ${index}`
      const reply = await face.call('echo', { text }, { id: index % 3 === 0 ? '0' : 0, timeoutMs: 20_000 })
      return { text, index, reply }
    }),
  )
  let answered = 0
  for (const { text, index, reply } of replies) {
    const got = toolText(reply)
    if (got === undefined) {
      expectRpcError(reply, `call ${index}`, { code: [-32600] })
      continue
    }
    answered += 1
    assert.equal(got, JSON.stringify({ text }), `call ${index} got another's answer`)
    assert.equal(reply.answer?.['id'], index % 3 === 0 ? '0' : 0, 'the id and its type come back')
  }
  assert.ok(answered > 0, 'at least one of them is answered')
  await face.close()
}

const ODD_META: Json[] = [
  { progressToken: 2 ** 53 + 2 },
  { progressToken: 1e300 },
  { progressToken: '' },
  { progressToken: '\ud83d' },
  { progressToken: {} },
  { progressToken: [1] },
  { progressToken: true },
  { progressToken: 'x'.repeat(50_000) },
  { traceparent: 'nonsense', tracestate: '\r\n', baggage: 'é' },
  { 'io.modelcontextprotocol/logLevel': 'debug' },
]

async function oddMetadata(rig: Rig, era: Era): Promise<void> {
  const deviations = new Deviations()
  for (const upstream of UPSTREAMS) {
    const face = await rig.face(era, `/mcp/servers/${upstream}`)
    for (const _meta of ODD_META) {
      await deviations.try(`${upstream}: ${JSON.stringify(_meta).slice(0, 50)}`, async () => {
        const params = { name: 'stream', arguments: { events: 3, intervalMs: 1 }, _meta }
        const reply = await face.send('tools/call', params, { timeoutMs: 10_000 })
        assert.ok(reply.status < 500, `${reply.status} ${reply.text.slice(0, 200)}`)
        assert.ok(reply.answer, `no answer: ${reply.text.slice(0, 200)}`)
      })
    }
    // Digits that a double cannot hold, where the hub itself has to use them.
    const build = String(
      face.build('tools/call', {
        name: 'stream',
        arguments: { events: 2 },
        _meta: { progressToken: 'PLACE' },
      }).body,
    )
    const reply = await face.call('stream', {}, { body: build.replace('"PLACE"', '9007199254740993') })
    await deviations.try(`${upstream}: a token of 2^53 + 1`, () =>
      assert.ok(reply.answer && reply.status < 500, `${reply.status} ${reply.text}`),
    )
    await expectEcho(face)
    await face.close()
  }
  deviations.expectNone()
}
