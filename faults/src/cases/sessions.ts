import assert from 'node:assert/strict'
import { RpcFault, type Json } from '../evil/evil-state.ts'
import { errorCode, toolText } from '../kit/face.ts'
import { send } from '../kit/http.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, type Rig } from '../run/rig.ts'
import type { Era } from '../evil/evil-state.ts'
import { expectEcho, expectHttpRefusal, expectNothingForwarded } from './expectations.ts'

/** P6 and P8: what is kept between two calls belongs to one caller and one session. */
export const sessionsGroup: FaultGroup = {
  name: 'sessions',
  cases: [
    {
      requirement: 'P8',
      name: 'session ids are long, distinct and unguessable (2025-11-25)',
      run: unguessable,
    },
    {
      requirement: 'P8',
      name: 'an unknown, altered, ended or foreign session id is 404 and never forwarded (2025-11-25)',
      run: foreignSessions,
    },
    {
      requirement: 'P8',
      name: 'a session belongs to the address that opened it (2025-11-25)',
      run: sessionOfAnotherAddress,
    },
    ...ERAS.map((era) => ({
      requirement: 'P6',
      name: `an error is never kept and served again (${era})`,
      run: (rig: Rig) => errorNotKept(rig, era),
    })),
    {
      requirement: 'P6',
      name: 'a private list is never passed on as public (2026-07-28)',
      run: privateStaysPrivate,
    },
    {
      requirement: 'P6',
      name: 'a lifetime that is none never reaches the client (2026-07-28)',
      run: lifetimes,
    },
    {
      requirement: 'P6',
      name: 'answers to a retry with input are never kept (2026-07-28)',
      run: retriesNotKept,
    },
  ],
}

async function unguessable(rig: Rig): Promise<void> {
  const ids = new Set<string>()
  for (let opened = 0; opened < 40; opened += 1) {
    const face = await rig.face('2025-11-25', '/mcp/servers/good')
    const id = face.session ?? ''
    assert.match(id, /^[\x21-\x7e]+$/, 'visible ASCII')
    assert.ok(id.length >= 22, `${id} holds fewer than 128 bits`)
    ids.add(id)
    await face.close()
  }
  assert.equal(ids.size, 40, 'two sessions have the same id')
  // Of 40 ids, each place of the last 16 must vary: a counter or a timestamp would leave some fixed.
  const tails = [...ids].map((id) => id.slice(-16))
  for (let place = 0; place < 16; place += 1) {
    assert.ok(
      new Set(tails.map((tail) => tail[place])).size >= 4,
      `place ${place} from the end hardly varies`,
    )
  }
}

async function foreignSessions(rig: Rig): Promise<void> {
  const face = await rig.face('2025-11-25', '/mcp/servers/modern')
  await expectEcho(face)
  const own = face.session ?? ''
  const last = own.at(-1) === 'A' ? 'B' : 'A'
  const ended = await rig.face('2025-11-25', '/mcp/servers/modern')
  await ended.close()
  const second = await rig.ownHub({ config: { servers: { modern: { url: rig.modern.url } } } })
  await expectNothingForwarded(rig.modern, 'tools/call', async () => {
    const ids = {
      unknown: 'A'.repeat(own.length),
      short: 'x',
      'one character changed': own.slice(0, -1) + last,
      'cut short': own.slice(0, -1),
      longer: `${own}A`,
      ended: ended.session ?? '',
      'in another case': swapCase(own),
      'very long': 'A'.repeat(4000),
    }
    for (const [label, id] of Object.entries(ids)) {
      for (const method of ['tools/call', 'tools/list', 'ping', 'notifications/cancelled']) {
        const reply = await face.send(method, { name: 'echo' }, { headers: { 'mcp-session-id': id } })
        expectHttpRefusal(reply, `${method} with ${label} session`, [404])
      }
      for (const method of ['GET', 'DELETE']) {
        const reply = await rig.hub.send({
          method,
          path: face.path,
          headers: ['Mcp-Session-Id', id, 'Accept', 'text/event-stream'],
        })
        expectHttpRefusal(reply, `${method} with ${label} session`, [404])
      }
    }
    const none = await face.call('echo', {}, { headers: { 'mcp-session-id': null } })
    expectHttpRefusal(none, 'no session id', [400])
    const elsewhere = await send(second, face.build('tools/call', { name: 'echo', arguments: {} }))
    expectHttpRefusal(elsewhere, "another hub's session", [404])
  })
  await expectEcho(face)
  await face.close()
}

function swapCase(text: string): string {
  return [...text]
    .map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
    .join('')
}

async function sessionOfAnotherAddress(rig: Rig): Promise<void> {
  const face = await rig.face('2025-11-25', '/mcp/servers/good')
  await expectNothingForwarded(rig.modern, 'tools/call', async () => {
    const request = face.build('tools/call', { name: 'echo', arguments: {} })
    expectHttpRefusal(
      await rig.hub.send({ ...request, path: '/mcp/servers/modern' }),
      "another server's session",
      [404],
    )
    expectHttpRefusal(
      await rig.hub.send({ ...request, path: '/mcp' }),
      'a session of one server at the merged address',
      [404],
    )
  })
  await face.close()
}

async function errorNotKept(rig: Rig, era: Era): Promise<void> {
  const face = await rig.face(era, '/mcp/servers/modern')
  const { overrides } = rig.modern.state
  rig.defer(() => overrides.clear())
  overrides.set('resources/read', () => {
    throw new RpcFault(-32603, 'evil failure', { ttlMs: 3_600_000, cacheScope: 'public' })
  })
  const failed = await face.send('resources/read', { uri: 'evil://readme' })
  assert.ok(errorCode(failed) !== undefined, `the upstream's error: ${failed.text.slice(0, 300)}`)
  overrides.clear()
  const fine = await face.send('resources/read', { uri: 'evil://readme' })
  assert.ok(
    fine.answer && 'result' in fine.answer,
    `after the upstream recovered: ${fine.text.slice(0, 300)}`,
  )
}

async function privateStaysPrivate(rig: Rig): Promise<void> {
  rig.modern.state.cacheScope = 'private'
  for (const path of ['/mcp/servers/modern', '/mcp']) {
    const face = await rig.face('2026-07-28', path)
    for (const method of [
      'tools/list',
      'prompts/list',
      'resources/list',
      'resources/templates/list',
      'server/discover',
    ]) {
      const reply = await face.send(method)
      const result = reply.answer?.['result'] as Json | undefined
      assert.ok(result, `${method} at ${path}: ${reply.status} ${reply.text.slice(0, 300)}`)
      assert.equal(result['cacheScope'], 'private', `${method} at ${path}`)
    }
  }
  const read = await (
    await rig.face('2026-07-28', '/mcp/servers/modern')
  ).send('resources/read', { uri: 'evil://readme' })
  assert.equal((read.answer?.['result'] as Json | undefined)?.['cacheScope'], 'private')
}

async function lifetimes(rig: Rig): Promise<void> {
  const { state } = rig.modern
  rig.defer(() => {
    state.ttlMs = 0
    state.cacheScope = 'private'
  })
  const face = await rig.face('2026-07-28', '/mcp')
  for (const ttlMs of [-5, 1.5, 'soon', null, 1e300]) {
    state.ttlMs = ttlMs
    state.cacheScope = ttlMs === null ? 'everyone' : 'private'
    const reply = await face.send('tools/list')
    const result = reply.answer?.['result'] as Json | undefined
    assert.ok(result, `tools/list with ttlMs ${String(ttlMs)}: ${reply.status} ${reply.text.slice(0, 300)}`)
    assert.ok(
      Number.isSafeInteger(result['ttlMs']) && Number(result['ttlMs']) >= 0,
      `ttlMs ${String(ttlMs)} became ${String(result['ttlMs'])}`,
    )
    assert.ok(
      ['private', 'public'].includes(String(result['cacheScope'])),
      `cacheScope ${String(result['cacheScope'])}`,
    )
  }
}

async function retriesNotKept(rig: Rig): Promise<void> {
  const face = await rig.face('2026-07-28', '/mcp/servers/modern', { capabilities: { elicitation: {} } })
  const answers: string[] = []
  for (const name of ['Ada', 'Grace']) {
    const first = await face.call('ask', { text: 'same' })
    const { inputRequests, requestState } = (first.answer?.['result'] ?? {}) as Json
    const inputResponses = Object.fromEntries(
      Object.keys((inputRequests ?? {}) as Json).map((key) => [key, { action: 'accept', content: { name } }]),
    )
    const done = await face.send('tools/call', {
      name: 'ask',
      arguments: { text: 'same' },
      inputResponses,
      requestState,
    })
    answers.push(toolText(done) ?? done.text)
  }
  assert.ok(
    answers[0]?.includes('Ada') && answers[1]?.includes('Grace'),
    `the second answer is the first one's: ${answers.join(' | ').slice(0, 300)}`,
  )
}
