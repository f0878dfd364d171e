import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startLegacySse } from '../src/upstream/fixtures/legacy-server.ts'
import type { RunningFixture } from '../src/upstream/fixtures/fixture.ts'
import type { PersonId } from '@parley/contract'
import { OTHER_PERSON, PERSON, grantsOf } from './granting-hub.ts'
import { legacyCall, openRaw, openSession, sendRaw, type RawSession } from './raw-mcp.ts'
import { startSessionServer, textResult, type ScriptedSessionServer } from './scripted-session-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** Sessions that need nothing of a process outlive it; those that do are told to begin anew. */

const tool = { name: 'echo', inputSchema: { type: 'object' } }

let dataDir: string
let hub: TestHub
let modern: ScriptedUpstream
let legacy: ScriptedSessionServer
let moved: ScriptedSessionServer
let sse: RunningFixture

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-revival-'))
  modern = await startScriptedUpstream([tool])
  legacy = await startSessionServer([tool])
  moved = await startSessionServer([tool])
  sse = await startLegacySse()
  hub = await startTestHub('', { dataDir })
  await hub.api('POST', '/api/servers', { name: 'one', url: modern.url })
  await hub.api('POST', '/api/servers', { name: 'old', url: legacy.url })
  await hub.api('POST', '/api/servers', { name: 'sse', url: sse.url })
})

beforeEach(() => {
  legacy.calls.length = 0
  legacy.declared.length = 0
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await modern[Symbol.asyncDispose]()
  await legacy[Symbol.asyncDispose]()
  await moved[Symbol.asyncDispose]()
  await sse.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function restart(): Promise<void> {
  const port = Number(new URL(hub.url).port)
  await hub[Symbol.asyncDispose]()
  hub = await startTestHub('', { dataDir, port })
  await until(async () => {
    const { body } = await hub.api('GET', '/api/servers')
    return body.servers.every(({ health }: { health: string }) => health === 'ready')
  })
}

const call = (path: string, session: RawSession, name = 'echo', more = {}) =>
  sendRaw(hub, { path, ...legacyCall(session, name), ...more })
const NOT_FOUND = { status: 404, body: { error: { code: 4705 } } }

describe('after a restart of the hub', () => {
  test('sessions go on before a stateless server, before one that holds them itself, and before all', async () => {
    const paths = { '/mcp/servers/one': 'echo', '/mcp/servers/old': 'echo', '/mcp': 'old__echo' }
    const sessions = new Map<string, RawSession>()
    for (const path of Object.keys(paths)) sessions.set(path, await openSession(hub, { sampling: {} }, path))
    await call('/mcp/servers/old', sessions.get('/mcp/servers/old')!)
    const before = legacy.calls.at(-1)!.headers['mcp-session-id']
    await restart()
    legacy.declared.length = 0
    for (const [path, name] of Object.entries(paths)) {
      const reply = await call(path, sessions.get(path)!, name)
      expect(reply.body.result).toEqual(textResult('done'))
    }
    const after = legacy.calls.map(({ headers }) => headers['mcp-session-id'])
    expect(after.slice(0, 2)).toEqual([before, before])
    // Only the endpoint of all opened one anew, with what its client had declared.
    expect(legacy.declared.map(({ capabilities }) => capabilities)).toEqual([{ sampling: {} }])
  })

  test('a session with a server whose session is its connection is over, with 404', async () => {
    const session = await openSession(hub, {}, '/mcp/servers/sse')
    expect(session.id).not.toContain('.')
    await restart()
    expect(await call('/mcp/servers/sse', session)).toMatchObject(NOT_FOUND)
  })

  test('an ended session stays ended, before the restart and after it', async () => {
    const session = await openSession(hub)
    const end = () => sendRaw(hub, { method: 'DELETE', headers: session.headers })
    const gone = await openSession(hub)
    await sendRaw(hub, { method: 'DELETE', headers: gone.headers })
    expect(await call('/mcp/servers/one', gone)).toMatchObject(NOT_FOUND)
    await restart()
    expect((await end()).status).toBe(200)
    expect(await end()).toMatchObject({ status: 404 })
    expect(await call('/mcp/servers/one', session)).toMatchObject(NOT_FOUND)
  })

  test('nothing is revived from what was altered, for another endpoint, or at another address', async () => {
    const session = await openSession(hub, {}, '/mcp/servers/old')
    const [id, seal] = session.id.split('.') as [string, string]
    const other = (await openSession(hub, {}, '/mcp/servers/old')).id.split('.')
    await restart()
    const flipped = seal.slice(0, 40) + (seal[40] === 'A' ? 'B' : 'A') + seal.slice(41)
    for (const wrong of [id, `${id}.`, `${id}.${flipped}`, `${id}.${other[1]}`, `${other[0]}.${seal}`]) {
      const headers = { ...session.headers, 'mcp-session-id': wrong }
      expect(await call('/mcp/servers/old', { id: wrong, headers })).toMatchObject(NOT_FOUND)
    }
    for (const path of ['/mcp/servers/one', '/mcp'])
      expect(await call(path, session)).toMatchObject(NOT_FOUND)
    await hub.api('DELETE', '/api/servers/old')
    await hub.api('POST', '/api/servers', { name: 'old', url: moved.url })
    expect(await call('/mcp/servers/old', session)).toMatchObject(NOT_FOUND)
    expect([legacy.calls, moved.calls]).toEqual([[], []])
  })

  test('a stream of before is taken up without what is gone, and the client is told to look again', async () => {
    const session = await openSession(hub)
    const reply = await call('/mcp/servers/one', session)
    const lastEventId = reply.events.at(-1)!.id!
    await restart()
    const stream = await openRaw(hub, {
      method: 'GET',
      headers: { ...session.headers, 'last-event-id': lastEventId },
    })
    await until(() => stream.messages.length === 3)
    expect(stream.messages.map(({ method }) => method)).toContain('notifications/tools/list_changed')
    expect(stream.events.map(({ id }) => id)).not.toContain(lastEventId)
    stream.cut()
  })
})

test('only their own caller revives a session', async () => {
  const asPerson = async (person: PersonId) => {
    const granting = grantsOf(hub)
    return granting.as(granting.token(await granting.grant(['tool:one/echo'], { person })))
  }
  const mine = await asPerson(PERSON)
  const theirs = await asPerson(OTHER_PERSON)
  const session = await openSession(mine)
  await restart()
  const before = modern.calls.length
  const callAs = ({ headers }: TestHub) => sendRaw({ ...hub, headers }, legacyCall(session, 'echo'))
  expect(await callAs(theirs)).toMatchObject(NOT_FOUND)
  expect(modern.calls).toHaveLength(before)
  expect((await callAs(mine)).body.result).toEqual(textResult('done'))
})
