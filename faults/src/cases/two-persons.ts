import assert from 'node:assert/strict'
import { openFace } from '../kit/face.ts'
import { send, type Reply, type Target } from '../kit/http.ts'
import { asCaller, getTokens, joinInvited } from '../kit/people.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import { ERAS, type Rig } from '../run/rig.ts'
import type { Era, Json } from '../evil/evil-state.ts'
import { expectEcho, expectHttpRefusal, expectNothingForwarded } from './expectations.ts'

/** P6, P8 and G5: two people, and what is one's is nothing to the other. */
export const twoPersonsGroup: FaultGroup = {
  name: 'identity-persons',
  cases: [
    {
      requirement: 'P8',
      name: "another person's session id is unknown, and nothing is forwarded (2025-11-25)",
      run: foreignSession,
    },
    ...ERAS.map((era) => ({
      requirement: 'P6',
      name: `what was read for one person is read anew for another (${era})`,
      run: (rig: Rig) => readAnew(rig, era),
    })),
    {
      requirement: 'G5',
      name: "ids of another person are answered, byte for byte, as ids of nobody's",
      run: foreignIds,
    },
  ],
}

const PATH = '/mcp/servers/modern'

async function twoCallers(rig: Rig): Promise<{ ada: Target; bob: Target }> {
  const { hub, app, ada, endpoint } = await openIdentity(rig)
  const bob = await joinInvited(hub, 'bob@example.com')
  const tokenOf = async (who: typeof ada) => (await getTokens(app, who, { resource: endpoint })).access
  return { ada: asCaller(hub, await tokenOf(ada)), bob: asCaller(hub, await tokenOf(bob)) }
}

async function foreignSession(rig: Rig): Promise<void> {
  const { ada, bob } = await twoCallers(rig)
  const face = await openFace(ada, '2025-11-25', PATH)
  await expectEcho(face)
  await expectNothingForwarded(rig.modern, 'tools/call', async () => {
    for (const method of ['tools/call', 'tools/list', 'ping', 'notifications/cancelled']) {
      const reply = await send(bob, face.build(method, { name: 'echo', arguments: {} }))
      expectHttpRefusal(reply, `${method} in another person's session`, [404])
    }
    for (const method of ['GET', 'DELETE']) {
      const headers = ['Mcp-Session-Id', face.session ?? '', 'Accept', 'text/event-stream']
      expectHttpRefusal(
        await send(bob, { method, path: PATH, headers }),
        `${method} by another person`,
        [404],
      )
    }
  })
  await expectEcho(face)
  await face.close()
}

async function readAnew(rig: Rig, era: Era): Promise<void> {
  const { ada, bob } = await twoCallers(rig)
  const { state } = rig.modern
  rig.defer(() => {
    state.ttlMs = 0
    state.cacheScope = 'private'
  })
  state.ttlMs = 3_600_000
  for (const cacheScope of ['private', 'public']) {
    state.cacheScope = cacheScope
    const before = rig.count('modern', 'resources/read')
    for (const caller of [ada, bob]) {
      const face = await openFace(caller, era, PATH)
      const reply = await face.send('resources/read', { uri: 'evil://readme' })
      assert.ok(reply.answer && 'result' in reply.answer, `${reply.status} ${reply.text.slice(0, 200)}`)
    }
    assert.equal(rig.count('modern', 'resources/read') - before, 2, `${cacheScope}: one was not asked for`)
  }
}

async function foreignIds(rig: Rig): Promise<void> {
  const { hub, app, ada } = await openIdentity(rig)
  const bob = await joinInvited(hub, 'bob@example.com')
  const wish = { resource: `${hub.url}/api`, scope: 'hub:read hub:manage' }
  const callers = {
    ada: asCaller(hub, (await getTokens(app, ada, wish)).access),
    bob: asCaller(hub, (await getTokens(app, bob, wish)).access),
  }
  const me = await get(callers.ada, '/api/me')
  assert.equal((await get(callers.bob, '/api/me')).status, 200)
  const sessions = (await get(callers.ada, '/api/me/sessions')).json?.['sessions'] as Json[]
  const agent = await hub.api('POST', '/api/agents', { name: 'night-shift', owner: ada.id })
  const group = await hub.api('POST', '/api/groups', { name: 'Research' })
  const invited = await hub.api('POST', '/api/invitations', { email: 'eve@example.com', roles: ['member'] })
  const known: Readonly<Record<string, string>> = {
    person: ada.id,
    grant: String(me.json?.['grant']),
    app: String(me.json?.['app']),
    session: String(sessions[0]?.['id']),
    agent: String(((agent.json?.['agent'] ?? {}) as Json)['id']),
    group: String(group.json?.['id']),
    invitation: String(invited.json?.['id']),
    name: 'modern',
  }
  const { json } = await hub.api('GET', '/api/openapi.json')
  let swept = 0
  for (const [template, methods] of Object.entries(json?.['paths'] as Record<string, object>)) {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    if (names.length === 0 || names.some((name) => known[name] === undefined)) continue
    // What is registered is no secret from those who may look at it: only what is a person's own.
    if (names.includes('name')) continue
    for (const method of Object.keys(methods).map((name) => name.toUpperCase())) {
      const theirs = await sweep(callers.bob, method, fill(template, known))
      const nobodys = await sweep(callers.bob, method, fill(template, mapValues(known, unknownId)))
      assert.equal(bare(theirs, known), bare(nobodys, mapValues(known, unknownId)), `${method} ${template}`)
      assert.ok([403, 404].includes(theirs.status), `${method} ${template}: ${theirs.status}`)
      if (template.startsWith('/api/me/')) assert.equal(theirs.status, 404, `${method} ${template}`)
      swept += 1
    }
  }
  assert.ok(swept >= 20, `only ${swept} routes were swept`)
  const after = await get(callers.ada, '/api/me/sessions')
  assert.equal(after.status, 200, 'the sweep ended something')
  assert.deepEqual(
    ((after.json?.['sessions'] ?? []) as Json[]).map(({ id }) => id),
    sessions.map(({ id }) => id),
  )
  rig.note(`${swept} routes swept`)
}

const get = (caller: Target, path: string): Promise<Reply> =>
  send(caller, { method: 'GET', path, headers: ['Accept', 'application/json'] })

function sweep(caller: Target, method: string, path: string): Promise<Reply> {
  const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }
  return send(caller, { method, path, headers: ['Content-Type', 'application/json'], ...body })
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name)
}

function mapValues(
  values: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}

/** The same kind of id, of nobody. */
function unknownId(id: string): string {
  return id.replace(/_.*/, '_01JAAAAAAAAAAAAAAAAAAAAAAA')
}

/** Status and body without the ids that the caller sent itself, and without the number of the request. */
function bare(reply: Reply, sent: Readonly<Record<string, string>>): string {
  let { text } = reply
  for (const [name, value] of Object.entries(sent)) text = text.replaceAll(value, `{${name}}`)
  return `${reply.status} ${text.replaceAll(/req_\w+/g, 'req')}`
}
