import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grantsOf, type Granting } from './granting-hub.ts'
import { openRaw, openSession, sendRaw } from './raw-mcp.ts'
import { modernRequest, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

const tool = (name: string) => ({ name, description: `Does ${name}`, inputSchema: { type: 'object' } })

let tickets: ScriptedUpstream
let notes: ScriptedUpstream
let hub: TestHub & Granting

const DECLARED = `
bundles:
  support:
    title: Support desk
    description: For people who answer customers.
    capabilities: ["tool:tickets/*", "tool:notes/read"]
    rename: { "tool:tickets/create": new_ticket }
`

beforeAll(async () => {
  tickets = await startScriptedUpstream([tool('create'), tool('close')])
  notes = await startScriptedUpstream([tool('read'), tool('erase')])
  const started = await startTestHub(DECLARED)
  hub = { ...started, ...grantsOf(started) }
  await hub.api('POST', '/api/servers', { name: 'tickets', url: tickets.url })
  await hub.api('POST', '/api/servers', { name: 'notes', url: notes.url })
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await tickets[Symbol.asyncDispose]()
  await notes[Symbol.asyncDispose]()
})

const SUPPORT = '/mcp/bundles/support'

function ask(as: TestHub, method: string, params: object = {}, path = SUPPORT) {
  return sendRaw(as, { path, ...modernRequest(method, params as Record<string, unknown>) })
}

async function records(): Promise<{ action: string }[]> {
  return (await hub.api('GET', '/api/activity')).body.records
}

async function listed(as: TestHub, path = SUPPORT): Promise<string[]> {
  const { body } = await ask(as, 'tools/list', {}, path)
  return body.result.tools.map(({ name }: { name: string }) => name)
}

describe('bundles: what is declared is there, and no more', () => {
  test('G3: the endpoint lists what the bundle includes, under its names', async () => {
    expect(await listed(hub)).toEqual(['notes__read', 'tickets__close', 'new_ticket'].sort(byServer))
  })

  test('a renamed tool is called by its new name, and the server hears its own', async () => {
    const before = tickets.calls.length
    const reply = await ask(hub, 'tools/call', { name: 'new_ticket', arguments: {} })
    expect(reply).toMatchObject({ status: 200, body: { result: { content: [{ text: 'done' }] } } })
    expect(tickets.calls.slice(before).map(({ params }) => params['name'])).toEqual(['create'])
    expect(tickets.calls.at(-1)!.headers['mcp-name']).toBe('create')
    await expect
      .poll(records)
      .toContainEqual(
        expect.objectContaining({ action: 'tools/call', capability: 'tool:tickets/create', result: 'ok' }),
      )
  })

  test.each(['notes__erase', 'tickets__create', 'other__x', 'nothing'])(
    'G3: %s is not there, and reaches no server',
    async (name) => {
      const before = [tickets.calls.length, notes.calls.length]
      const reply = await ask(hub, 'tools/call', { name, arguments: {} })
      expect(reply).toMatchObject({ body: { error: { code: -32602, message: `Unknown tool: ${name}` } } })
      expect([tickets.calls.length, notes.calls.length]).toEqual(before)
    },
  )

  test('clients are told what the bundle is for', async () => {
    const { body } = await ask(hub, 'server/discover')
    expect(body.result.instructions).toBe('For people who answer customers.')
    expect(body.result._meta['io.modelcontextprotocol/serverInfo'].title).toBe('Support desk')
  })

  test('clients of 2025-11-25 get the same', async () => {
    const session = await openSession(hub, {}, SUPPORT)
    const list = await sendRaw(hub, {
      path: SUPPORT,
      headers: session.headers,
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    })
    expect(list.body.result.tools.map(({ name }: { name: string }) => name)).toContain('new_ticket')
    const elsewhere = await sendRaw(hub, {
      path: '/mcp',
      headers: session.headers,
      body: { jsonrpc: '2.0', id: 2, method: 'tools/list' },
    })
    expect(elsewhere.status).toBe(404)
  })
})

describe('bundles: a grant bounds them', () => {
  test('G3: a caller sees what is in the bundle and in the grant', async () => {
    const audiences = { [`${hub.url}${SUPPORT}`]: ['mcp'] }
    const grant = await hub.grant(['tool:tickets/close', 'tool:notes/erase'], { audiences })
    const token = hub.token(grant, { aud: `${hub.url}${SUPPORT}` })
    expect(await listed(hub.as(token))).toEqual(['tickets__close'])
    const before = notes.calls.length
    expect((await ask(hub.as(token), 'tools/call', { name: 'notes__erase', arguments: {} })).status).toBe(400)
    expect(notes.calls).toHaveLength(before)
  })

  test('RS4: a token for the bundle opens no other endpoint', async () => {
    const grant = await hub.grant(['tool:tickets/close'], {
      audiences: { [`${hub.url}${SUPPORT}`]: ['mcp'] },
    })
    const token = hub.token(grant, { aud: `${hub.url}${SUPPORT}` })
    expect((await ask(hub.as(token), 'tools/list', {}, '/mcp')).status).toBe(401)
    const other = hub.token(grant, { aud: `${hub.url}/mcp` })
    const refused = await ask(hub.as(other), 'tools/list')
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toContain(
      `${hub.url}/.well-known/oauth-protected-resource${SUPPORT}`,
    )
  })

  test('RS1: protected resource metadata names the bundle, and says nothing of which bundles there are', async () => {
    const of = async (name: string) => {
      const reply = await fetch(`${hub.url}/.well-known/oauth-protected-resource/mcp/bundles/${name}`)
      return (await reply.json()) as { resource: string }
    }
    expect(await of('support')).toMatchObject({ resource: `${hub.url}${SUPPORT}`, scopes_supported: ['mcp'] })
    expect((await of('missing')).resource).toBe(`${hub.url}/mcp/bundles/missing`)
  })

  test('the authorization server knows the bundle as a resource, with its servers in its name', () => {
    const resource = hub.hub.identity.resources().find(`${hub.url}${SUPPORT}`)
    expect(resource?.name).toBe('the bundle Support desk (of notes, tickets)')
    expect(resource?.hasScope('tool:tickets/create')).toBe(true)
    expect(resource?.hasScope('tool:notes/erase')).toBe(false)
    expect(hub.hub.identity.resources().find(`${hub.url}/mcp/bundles/missing`)).toBeUndefined()
  })
})

describe('bundles: administrators make them', () => {
  test('added, changed and removed, each with its record; clients see it at once', async () => {
    const path = '/mcp/bundles/desk'
    expect((await ask(hub, 'tools/list', {}, path)).body.error.message).toMatch('no bundle "desk"')
    const added = await hub.api('POST', '/api/bundles', { name: 'desk', capabilities: ['tool:notes/*'] })
    expect(added).toMatchObject({
      status: 200,
      body: {
        servers: ['notes'],
        source: 'api',
        members: [
          { capability: 'tool:notes/erase', name: 'notes__erase' },
          { capability: 'tool:notes/read', name: 'notes__read' },
        ],
      },
    })
    expect(await listed(hub, path)).toEqual(['notes__erase', 'notes__read'])
    await hub.api('PUT', '/api/bundles/desk', { capabilities: ['tool:notes/read'] })
    expect(await listed(hub, path)).toEqual(['notes__read'])
    expect((await hub.api('DELETE', '/api/bundles/desk')).body).toEqual({ removed: 'desk' })
    expect((await ask(hub, 'tools/list', {}, path)).status).toBe(404)
    const actions = (await records()).map(({ action }) => action)
    expect(actions).toEqual(expect.arrayContaining(['bundle.add', 'bundle.change', 'bundle.remove']))
  })

  test.each([
    [{ name: 'x', capabilities: ['nonsense'] }, 'names no capability'],
    [{ name: 'x', capabilities: ['tool:a/b'], rename: { 'tool:c/d': 'e' } }, 'does not include it'],
    [{ name: 'x', capabilities: ['tool:a/*'], rename: { 'tool:a/b': 'e', 'tool:a/c': 'e' } }, 'Two tools'],
    [
      { name: 'x', capabilities: ['tool:a/*'], rename: { 'tool:a/b': 'find_tools' } },
      'tool of the hub itself',
    ],
    [{ name: 'x', capabilities: ['tool:a/*'], rename: { 'tool:a/b': 'a__c' } }, 'beginning with a letter'],
    [{ name: 'support', capabilities: ['tool:a/*'] }, 'already'],
  ])('what cannot be is refused: %j', async (body, words) => {
    const reply = await hub.api('POST', '/api/bundles', body)
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(JSON.stringify(reply.body)).toContain(words)
  })

  test('one of parley.yaml is not changed here', async () => {
    expect(await hub.api('DELETE', '/api/bundles/support')).toMatchObject({ status: 409 })
    expect(await listed(hub)).toContain('new_ticket')
  })

  test('a change is told to who listens', async () => {
    await hub.api('POST', '/api/bundles', { name: 'told', capabilities: ['tool:notes/read'] })
    const session = await openSession(hub, {}, '/mcp/bundles/told')
    const stream = await openRaw(hub, { method: 'GET', path: '/mcp/bundles/told', headers: session.headers })
    await hub.api('PUT', '/api/bundles/told', { capabilities: ['tool:notes/*'] })
    await expect
      .poll(() => stream.messages.map(({ method }) => method))
      .toContain('notifications/tools/list_changed')
    stream.cut()
  })
})

/** Servers in name order, each with its tools by its own names. */
function byServer(one: string, other: string): number {
  const place = ['notes__read', 'tickets__close', 'new_ticket']
  return place.indexOf(one) - place.indexOf(other)
}
