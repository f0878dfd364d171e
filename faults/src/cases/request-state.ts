import assert from 'node:assert/strict'
import type { Json } from '../evil/evil-state.ts'
import { toolText, type Face } from '../kit/face.ts'
import type { Reply } from '../kit/http.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { UPSTREAMS, type Rig, type UpstreamName } from '../run/rig.ts'
import { expectRpcError } from './expectations.ts'

/** P5: the state of a multi-round-trip request opens only what it was made for (2026-07-28 clients, all upstreams). */
export const requestStateGroup: FaultGroup = {
  name: 'request-state',
  cases: UPSTREAMS.flatMap((upstream) => [
    {
      requirement: 'P5',
      name: `a proper round trip works and the upstream's own state stays inside (2026-07-28 → ${upstream})`,
      run: (rig: Rig) => roundTrip(rig, upstream),
    },
    {
      requirement: 'P5',
      name: `a changed state is refused and never forwarded (2026-07-28 → ${upstream})`,
      run: (rig: Rig) => changedState(rig, upstream),
    },
    {
      requirement: 'P5',
      name: `a state used for something else is refused and never forwarded (2026-07-28 → ${upstream})`,
      run: (rig: Rig) => otherUse(rig, upstream),
    },
    {
      requirement: 'P5',
      name: `a state is used once (2026-07-28 → ${upstream})`,
      run: (rig: Rig) => usedTwice(rig, upstream),
    },
  ]),
}

const CAPABILITIES: Json = { elicitation: { form: {} } }
const TEXT = 'question'

interface Asked {
  readonly state: string
  readonly responses: Json
}

async function ask(face: Face, args: Json = { text: TEXT }): Promise<Asked> {
  const reply = await face.call('ask', args)
  const result = reply.answer?.['result'] as Json | undefined
  assert.equal(result?.['resultType'], 'input_required', `ask: ${reply.status} ${reply.text.slice(0, 300)}`)
  const requests = result?.['inputRequests'] as Json
  const responses = Object.fromEntries(
    Object.keys(requests).map((key) => [key, { action: 'accept', content: { name: 'Ada' } }]),
  )
  return { state: String(result?.['requestState']), responses }
}

function retry(
  face: Face,
  asked: Asked,
  change: { state?: unknown; tool?: string; args?: Json } = {},
): Promise<Reply> {
  const requestState = 'state' in change ? change.state : asked.state
  const params = {
    name: change.tool ?? 'ask',
    arguments: change.args ?? { text: TEXT },
    inputResponses: asked.responses,
    requestState,
  }
  return face.send('tools/call', params)
}

function open(rig: Rig, upstream: string): Promise<Face> {
  return rig.face('2026-07-28', `/mcp/servers/${upstream}`, { capabilities: CAPABILITIES })
}

async function roundTrip(rig: Rig, upstream: UpstreamName): Promise<void> {
  const face = await open(rig, upstream)
  const asked = await ask(face)
  const decoded =
    Buffer.from(asked.state, 'base64url').toString('latin1') +
    Buffer.from(asked.state, 'base64').toString('latin1')
  assert.ok(
    !`${asked.state}${decoded}`.includes('raw-upstream-state'),
    "the upstream's own state can be read by the client",
  )
  const done = await retry(face, asked)
  assert.ok(toolText(done)?.includes('Ada'), `the retry: ${done.status} ${done.text.slice(0, 300)}`)
  if (upstream.endsWith('modern')) {
    assert.ok(
      toolText(done)?.includes(`raw-upstream-state-${TEXT}`),
      'the upstream must get its own state back, byte for byte',
    )
  }
}

async function changedState(rig: Rig, upstream: UpstreamName): Promise<void> {
  const face = await open(rig, upstream)
  const asked = await ask(face)
  const calls = rig.count(upstream, 'tools/call')
  const changed: Record<string, unknown> = {
    'cut short': asked.state.slice(0, -2),
    'half of it': asked.state.slice(0, asked.state.length / 2),
    'made longer': `${asked.state}AA`,
    empty: '',
    garbage: 'garbage',
    'the raw state of the upstream': `raw-upstream-state-${TEXT}`,
    'twice the same': asked.state + asked.state,
    'a number': 7,
    null: null,
    object: { state: asked.state },
    'very long': 'A'.repeat(200_000),
  }
  for (let place = 0; place < 24; place += 1) {
    const at = rig.random.integer(asked.state.length)
    const other = asked.state[at] === 'A' ? 'B' : 'A'
    changed[`another character at ${at} of ${asked.state.length}`] =
      asked.state.slice(0, at) + other + asked.state.slice(at + 1)
  }
  for (const [label, state] of Object.entries(changed)) {
    const reply = await retry(face, asked, { state })
    expectRpcError(reply, label)
    assert.ok(reply.status < 500, `${label}: ${reply.status}`)
  }
  assert.equal(
    rig.count(upstream, 'tools/call') - calls,
    0,
    'a call with a changed state reached the upstream',
  )
  const proper = await retry(face, asked)
  assert.ok(
    toolText(proper)?.includes('Ada'),
    `after all the wrong ones the right one still works: ${proper.text.slice(0, 300)}`,
  )
}

async function otherUse(rig: Rig, upstream: UpstreamName): Promise<void> {
  const face = await open(rig, upstream)
  const asked = await ask(face)
  const calls = rig.count(upstream, 'tools/call')
  expectRpcError(await retry(face, asked, { tool: 'echo' }), 'on another tool')
  expectRpcError(await retry(face, asked, { args: { text: 'other' } }), 'with other arguments')
  expectRpcError(await retry(face, asked, { args: {} }), 'without the arguments')
  const other = upstream === 'modern' ? 'legacy' : 'modern'
  const otherCalls = rig.count(other, 'tools/call')
  const elsewhere = await open(rig, other)
  expectRpcError(await retry(elsewhere, asked), 'at another server')
  const params = { name: 'greet', inputResponses: asked.responses, requestState: asked.state }
  expectRpcError(await face.send('prompts/get', params), 'on another method')
  const second = await rig.ownHub({ config: { servers: { modern: { url: rig.modern.url } } } })
  const foreign = { ...(await open(rig, 'modern')), target: second }
  const request = foreign.build('tools/call', {
    name: 'ask',
    arguments: { text: TEXT },
    inputResponses: asked.responses,
    requestState: asked.state,
  })
  expectRpcError(await second.send(request), 'at another hub, by another principal')
  assert.equal(rig.count(upstream, 'tools/call') - calls, 0, 'a misused state reached its upstream')
  assert.equal(rig.count(other, 'tools/call') - otherCalls, 0, 'a misused state reached another upstream')
}

async function usedTwice(rig: Rig, upstream: UpstreamName): Promise<void> {
  const face = await open(rig, upstream)
  const asked = await ask(face)
  assert.ok(toolText(await retry(face, asked))?.includes('Ada'), 'the first use')
  const calls = rig.count(upstream, 'tools/call')
  expectRpcError(await retry(face, asked), 'the second use')
  assert.equal(rig.count(upstream, 'tools/call') - calls, 0, 'the second use reached the upstream')
}
