import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BY, OTHER_PERSON, startGrantingHub, type GrantingHub } from './granting-hub.ts'
import { legacyCall, openRaw, openSession, sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { until } from './start-test-hub.ts'

let hub: GrantingHub
beforeAll(async () => {
  hub = await startGrantingHub()
})
afterAll(() => hub[Symbol.asyncDispose]())
beforeEach(() => {
  hub.upstream.calls.length = 0
  hub.upstream.answer = () => ({ content: [{ type: 'text', text: 'done' }] })
})

const MERGED = '/mcp'
const callOf = (name: string, args: object = {}, more: object = {}, capabilities: object = {}) =>
  modernRequest('tools/call', { name, arguments: args, ...more }, capabilities as Record<string, unknown>)

describe('A14, G3: one rule for lists and calls', () => {
  test('G3: a list shows what is granted, and what is not entitled cannot be told from nothing', async () => {
    const { grants } = hub.hub
    const grant = await hub.grant(['tool:one/look', 'tool:one/secret'])
    const caller = hub.as(hub.token(grant))
    const names = async () =>
      (await sendRaw(caller, modernRequest('tools/list'))).body.result.tools.map((tool: any) => tool.name)
    expect(await names()).toEqual(['look', 'secret'])
    const everyone = grants.entitlementsOf({ kind: 'group', id: 'grp_00000000000000000000000000' })[0]!
    const narrow = [{ capability: 'tool:one/look' }, { capability: 'tool:one/change' }]
    await grants.changeTerms(everyone.id, { ...everyone.terms, capabilities: narrow }, BY)
    try {
      expect(await names()).toEqual(['look'])
      const session = await openSession(caller)
      const listed = await sendRaw(caller, {
        headers: session.headers,
        body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      })
      expect(listed.body.result.tools.map((tool: any) => tool.name)).toEqual(['look'])
      const merged = hub.as(hub.token(grant, { aud: `${hub.url}/mcp` }))
      const all = await sendRaw(merged, { path: MERGED, ...modernRequest('tools/list') })
      expect(all.body.result.tools.map((tool: any) => tool.name)).toEqual(['one__look'])
      expect(all.body.result.cacheScope).toBe('private')

      const hidden = await sendRaw(caller, callOf('secret'))
      const unknown = await sendRaw(caller, callOf('nowhere'))
      expect(hidden.status).toBe(unknown.status)
      expect(hidden.text.replaceAll('secret', 'nowhere')).toBe(unknown.text)
      const legacyHidden = await sendRaw(caller, legacyCall(session, 'secret'))
      const legacyUnknown = await sendRaw(caller, legacyCall(session, 'nowhere'))
      expect(legacyHidden.text.replaceAll('secret', 'nowhere')).toBe(legacyUnknown.text)
      expect(hub.upstream.calls).toEqual([])
    } finally {
      await grants.changeTerms(everyone.id, everyone.terms, BY)
    }
  })

  test('G3, G5: a server of which nothing is theirs is one that is not there, and hears nothing of them', async () => {
    const { grants } = hub.hub
    const grant = await hub.grant([])
    const caller = hub.as(hub.token(grant))
    const nowhere = hub.as(hub.token(grant, { aud: `${hub.url}/mcp/servers/two` }))
    const everyone = grants.entitlementsOf({ kind: 'group', id: 'grp_00000000000000000000000000' })[0]!
    const elsewhere = [{ capability: 'tool:other/*' }, { capability: 'resource:on' }]
    const before = await openSession(caller)
    await grants.changeTerms(everyone.id, { ...everyone.terms, capabilities: elsewhere }, BY)
    try {
      const asked = [
        modernRequest('server/discover'),
        modernRequest('tools/list'),
        modernRequest('resources/list'),
        modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }),
        modernRequest('secret/method'),
        {
          headers: {},
          body: {
            jsonrpc: '2.0',
            id: 1,
            method: 'initialize',
            params: {
              protocolVersion: '2025-11-25',
              capabilities: {},
              clientInfo: { name: 'x', version: '1' },
            },
          },
        },
      ]
      for (const request of asked) {
        const hidden = await sendRaw(caller, request)
        const unknown = await sendRaw(nowhere, { path: '/mcp/servers/two', ...request })
        expect(hidden.status).toBe(404)
        expect(hidden.text.replaceAll('"one\\"', '"two\\"')).toBe(unknown.text)
      }
      const list = { jsonrpc: '2.0', id: 2, method: 'prompts/list' }
      expect((await sendRaw(caller, { headers: before.headers, body: list })).status).toBe(404)
      expect(hub.upstream.calls).toEqual([])
      for (const capability of ['*', 'tool:*', 'tool:on*', 'tool:one/look', 'resource:one/file:///a']) {
        const some = { ...everyone.terms, capabilities: [{ capability }] }
        await grants.changeTerms(everyone.id, some, BY)
        expect((await sendRaw(caller, modernRequest('server/discover'))).status, capability).toBe(200)
      }
    } finally {
      await grants.changeTerms(everyone.id, everyone.terms, BY)
    }
  })

  test('G3: spellings of a name, and methods that nobody knows, reach nothing', async () => {
    const caller = hub.as(hub.token(await hub.grant(['tool:one/look'])))
    for (const name of ['LOOK', 'look ', ' look', 'one__look']) {
      const answer = await sendRaw(caller, callOf(name))
      expect(answer.body.error, name).toBeDefined()
    }
    const session = await openSession(caller)
    for (const name of ['lo\u043Ek', 'LOOK', 'look\u200b', 'tool:one/look'])
      expect((await sendRaw(caller, legacyCall(session, name))).body.error, name).toBeDefined()
    const passed = await sendRaw(caller, modernRequest('secret/method'))
    expect(passed.body.error.code).toBe(-32601)
    expect(hub.upstream.calls).toEqual([])
  })

  test('A14: the scope of a token narrows its grant, and the challenge names what is missing alone', async () => {
    const grant = await hub.grant(['tool:one/*'])
    const caller = hub.as(hub.token(grant, { scope: 'tool:one/look' }))
    expect((await sendRaw(caller, callOf('look'))).status).toBe(200)
    const refused = await sendRaw(caller, callOf('change'))
    expect(refused.status).toBe(403)
    expect(refused.headers['www-authenticate']).toContain('scope="tool:one/change"')
    const session = await openSession(caller)
    expect((await sendRaw(caller, legacyCall(session, 'change'))).status).toBe(403)
    expect(hub.upstream.calls.map(({ params }) => params['name'])).toEqual(['look'])
  })

  test('G3: a grant is held to its arguments, its minute and its calls; the answer says which is used up', async () => {
    const where = [{ pointer: '/path', prefix: '/tmp/' }]
    const grant = await hub.grant([], {
      capabilities: [{ capability: 'tool:one/look', where }],
      limits: { calls: 2 },
    })
    const caller = hub.as(hub.token(grant))
    expect((await sendRaw(caller, callOf('look', { path: '/etc/passwd' }))).status).toBe(403)
    expect((await sendRaw(caller, callOf('look'))).status).toBe(403)
    for (let time = 0; time < 2; time++)
      expect((await sendRaw(caller, callOf('look', { path: '/tmp/a' }))).status).toBe(200)
    const used = await sendRaw(caller, callOf('look', { path: '/tmp/a' }))
    expect(used.status).toBe(429)
    expect(used.body.error.data.limit).toBe('calls')
    expect(hub.upstream.calls).toHaveLength(2)
  })

  test('G3: every refusal leaves a record that names who, what and why', async () => {
    const grant = await hub.grant(['tool:one/look'])
    await sendRaw(hub.as(hub.token(grant)), callOf('change'))
    await until(async () => {
      const { body } = await hub.api('GET', '/api/activity')
      return body.records.some(
        (record: any) =>
          record.grant === grant && record.capability === 'tool:one/change' && record.decision === 'consent',
      )
    })
  })
})

describe('A13, G4: a token is for one endpoint', () => {
  test.each(['/mcp', '/mcp/servers/other', '/api/status', '/metrics'])('RS4: not for %s', async (path) => {
    const token = hub.token(await hub.grant(['*']))
    const answer = await sendRaw(hub.as(token), {
      path,
      ...(path.startsWith('/mcp') ? modernRequest('tools/list') : { method: 'GET' }),
    })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
  })

  test('RS5: at the API a token needs its scope, and its person the role', async () => {
    const grant = await hub.grant(['*'])
    const aud = `${hub.url}/api`
    const status = (scope: string) =>
      sendRaw(hub.as(hub.token(grant, { aud, scope })), { method: 'GET', path: '/api/status' })
    expect((await status('mcp')).status).toBe(403)
    expect((await status('hub:manage')).status).toBe(403)
    expect((await sendRaw(hub, { method: 'GET', path: '/api/status' })).status).toBe(200)
  })
})

describe('P8, G5: what belongs to one caller is nothing to another', () => {
  test('P8: a session of another grant is no session', async () => {
    const own = hub.as(hub.token(await hub.grant(['*'])))
    const other = hub.as(hub.token(await hub.grant(['*'], { person: OTHER_PERSON })))
    const session = await openSession(own)
    expect((await sendRaw(own, legacyCall(session, 'look'))).status).toBe(200)
    const stolen = await sendRaw(other, legacyCall(session, 'look'))
    const invented = await sendRaw(
      other,
      legacyCall({ ...session, headers: { ...session.headers, 'mcp-session-id': 'x'.repeat(32) } }, 'look'),
    )
    expect(stolen.status).toBe(404)
    expect(stolen.text).toBe(invented.text)
    expect(hub.upstream.calls).toHaveLength(1)
  })

  test('P5: a sealed state of another grant is none', async () => {
    hub.upstream.answer = (params) =>
      params['requestState'] === undefined
        ? { resultType: 'input_required', requestState: 'mine' }
        : { content: [] }
    const own = hub.as(hub.token(await hub.grant(['*'])))
    const other = hub.as(hub.token(await hub.grant(['*'], { person: OTHER_PERSON })))
    const { requestState } = (await sendRaw(own, callOf('look'))).body.result
    expect((await sendRaw(other, callOf('look', {}, { requestState }))).status).toBe(400)
    expect(hub.upstream.calls).toHaveLength(1)
    expect((await sendRaw(own, callOf('look', {}, { requestState }))).status).toBe(200)
  })
})

describe('G7: what is cut off ends within a second', () => {
  const SECOND = 1000

  test('calls, event streams and sessions end, the server hears of it, and nothing new begins', async () => {
    const { grants } = hub.hub
    hub.upstream.answer = () => new Promise(() => undefined)
    hub.upstream.cancelled = 0
    const aud = `${hub.url}/mcp`
    const grant = await hub.grant(['*'])
    const caller = hub.as(hub.token(grant, { aud }))
    const bystander = hub.as(hub.token(await hub.grant(['*']), { aud }))
    const path = MERGED
    const session = await openSession(caller, {}, path)
    const stream = await openRaw(caller, { path, method: 'GET', headers: session.headers })
    const filter = { notifications: { toolsListChanged: true } }
    const listening = await openRaw(caller, { path, ...modernRequest('subscriptions/listen', filter) })
    const others = await openSession(bystander, {}, path)
    const othersStream = await openRaw(bystander, { path, method: 'GET', headers: others.headers })
    expect([stream.status, listening.status, othersStream.status]).toEqual([200, 200, 200])
    const ended = (reply: Promise<unknown>) =>
      reply.then(
        () => 'answered',
        () => 'cut',
      )
    const running = ended(sendRaw(caller, { path, ...callOf('one__look') }))
    const legacyRunning = ended(sendRaw(caller, { path, ...legacyCall(session, 'one__look') }))
    await until(() => hub.upstream.calls.length === 2)
    let isOtherEnded = false
    void othersStream.ended.then(() => (isOtherEnded = true))

    const before = performance.now()
    await grants.revoke(grant, BY)
    expect(await Promise.all([running, legacyRunning])).toEqual(['cut', 'cut'])
    await Promise.all([stream.ended, listening.ended])
    await until(() => hub.upstream.cancelled === 2)
    expect(performance.now() - before).toBeLessThan(SECOND)
    const after = await sendRaw(caller, { path, ...callOf('one__look') })
    expect(after.status).toBe(401)
    expect(after.headers['www-authenticate']).toContain('invalid_token')
    expect((await sendRaw(caller, { path, ...legacyCall(session, 'one__look') })).status).toBe(401)
    await wait(50)
    expect(isOtherEnded).toBe(false)
    expect(hub.upstream.calls).toHaveLength(2)
    othersStream.cut()
  })

  test('a grant that runs out is cut off like one that is revoked', async () => {
    hub.upstream.answer = () => new Promise(() => undefined)
    const caller = hub.as(hub.token(await hub.grant(['*'], { expiresAt: Date.now() + 700 })))
    const running = sendRaw(caller, callOf('look')).then(
      () => 'answered',
      () => 'cut',
    )
    await until(() => hub.upstream.calls.length === 1)
    expect(await running).toBe('cut')
    const after = await sendRaw(caller, callOf('look'))
    expect(after.status).toBe(401)
    expect(after.headers['www-authenticate']).toContain('has ended')
  })
})
