import assert from 'node:assert/strict'
import type { Era, Json } from '../evil/evil-state.ts'
import { residentBytes } from '../kit/process-probe.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig, type UpstreamName } from '../run/rig.ts'
import { expectEcho, expectRpcError } from './expectations.ts'
import { freshFace } from './fresh-face.ts'

/** E4 and R10: answers that are none, too much, or never done; one group for each upstream, since stdio takes its time. */
export const brokenAnswersGroups: readonly FaultGroup[] = UPSTREAMS.map((upstream) => ({
  name: `broken-answers-${upstream}`,
  cases: ERAS.flatMap((era) => [
    {
      requirement: 'R10',
      isLong: crosses(era, upstream),
      name: `broken answers become one error with the caller's id (${era} → ${upstream})`,
      run: (rig: Rig) => brokenAnswers(rig, era, upstream),
    },
    {
      requirement: 'E4',
      name: `oversized and endless answers are cut, the hub stays small (${era} → ${upstream})`,
      run: (rig: Rig) => oversized(rig, era, upstream),
    },
  ]),
}))

/** Processes are started anew for each answer: across the eras, which differ in the hub alone, it is for a long run. */
function crosses(era: Era, upstream: UpstreamName): boolean {
  return upstream.startsWith('stdio') && upstream.endsWith('modern') !== (era === '2026-07-28')
}

/** Tool → whether a well-formed result is also a fair answer (the fault can be repaired or does not exist there). */
const BROKEN: Record<string, Json> = {
  rst: {},
  rst_mid: {},
  garbage: {},
  not_json: {},
  wrong_id: {},
  no_id: {},
  null_result: {},
  both: {},
  array: {},
  duplicate_keys: {},
  deep: { depth: 5000 },
  bad_sse: {},
  no_final: {},
  wrong_type: {},
  endless_headers: {},
  proto: {},
  exit: {},
}
const STATUSES = [204, 400, 401, 403, 404, 405, 429, 500, 503]

async function brokenAnswers(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const calls: [string, Json][] = Object.entries(BROKEN)
  if (!upstream.startsWith('stdio')) for (const status of STATUSES) calls.push(['status', { status }])
  for (const [tool, args] of calls) {
    const face = await freshFace(rig, era, upstream)
    const id = `broken-${tool}`
    const reply = await face.call(tool, args, { id, timeoutMs: 12_000 })
    const label = `${tool} ${JSON.stringify(args)}`
    assert.ok(reply.answer, `${label}: no JSON-RPC answer: ${reply.status} ${reply.text.slice(0, 300)}`)
    assert.equal(reply.answer['id'], id, `${label}: another id: ${reply.text.slice(0, 300)}`)
    assert.equal(reply.answer['jsonrpc'], '2.0', label)
    const isResult = typeof reply.answer['result'] === 'object' && reply.answer['result'] !== null
    if (!isResult) expectRpcError(reply, label)
    assert.ok(!isResult || !('error' in reply.answer), `${label}: a result and an error`)
    assert.notEqual(reply.status, 500, label)
    assert.notEqual(
      reply.headers['www-authenticate'],
      'Bearer',
      `${label}: the upstream's own challenge reached the caller`,
    )
    await face.close()
  }
  await recovers(rig, era, upstream)
}

async function oversized(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const face = await freshFace(rig, era, upstream)
  const quiet = residentBytes(rig.hub.pid)
  const meter = { peak: quiet }
  const timer = setInterval(() => (meter.peak = Math.max(meter.peak, residentBytes(rig.hub.pid))), 20)
  rig.defer(() => clearInterval(timer))
  const tools = upstream.startsWith('stdio')
    ? ['huge', 'endless_body']
    : ['huge', 'endless_body', 'gzip_bomb', 'huge_event', 'drip']
  for (const tool of tools) {
    const current = await freshFace(rig, era, upstream)
    const reply = await current.call(
      tool,
      { bytes: 50_000_000, intervalMs: 200 },
      { id: tool, timeoutMs: 20_000 },
    )
    expectRpcError(reply, tool)
    assert.equal(reply.answer?.['id'], tool)
    assert.ok(reply.milliseconds < 10_000, `${tool} took ${Math.round(reply.milliseconds)} ms`)
    await current.close()
  }
  clearInterval(timer)
  rig.figure(`memory taken at the most, MB (${era} → ${upstream})`, (meter.peak - quiet) / 1e6, 40)
  await face.close()
  await recovers(rig, era, upstream)
}

async function recovers(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const face = await freshFace(rig, era, upstream)
  await expectEcho(face)
  await face.close()
}
