import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

let hub: TestHub
let admin: string
beforeAll(async () => {
  hub = await startTestHub()
  const signedUp = await signUpAdministrator(hub)
  admin = signedUp.person
})
afterAll(() => hub[Symbol.asyncDispose]())

const get = (path: string) => hub.api('GET', path)
const TERMS = {
  audiences: {},
  capabilities: [{ capability: 'tool:files/read_*' }],
  limits: { callsPerMinute: 10 },
  expiresAt: null,
}

test('people are listed, found by address, and their groups and roles changed', async () => {
  const { body: found } = await get('/api/people?email=ADA@example.com')
  const listed = await get('/api/people')
  expect(listed.body.people.map(({ id }: { id: string }) => id)).toContain(admin)
  expect(found.people).toMatchObject([{ id: admin, email: 'ada@example.com' }])
  expect((await get('/api/people?email=nobody@example.com')).body.people).toEqual([])
  const group = (await hub.api('POST', '/api/groups', { name: 'Research' })).body
  const member = await hub.api('PUT', `/api/groups/${group.id}/members/${admin}`, {})
  expect(member.body.groups).toEqual([{ id: group.id, name: 'Research' }])
  expect((await get(`/api/groups/${group.id}/members`)).body.people).toHaveLength(1)
  expect((await get('/api/groups')).body.groups).toMatchObject([{ id: group.id, members: 1 }])
  const entitled = await hub.api('POST', '/api/grants', {
    holder: { kind: 'group', id: group.id },
    terms: TERMS,
  })
  expect(entitled.body).toMatchObject({ kind: 'entitlement', holderName: 'Research', version: 1 })
  expect((await hub.api('DELETE', `/api/groups/${group.id}`)).body).toEqual({ removed: group.id })
  expect((await get(`/api/grants/${entitled.body.id}`)).body.grant.state).toBe('revoked')
  expect((await get(`/api/people/${admin}`)).body.groups).toEqual([])
})

test('the last administrator cannot be demoted, suspended or removed', async () => {
  for (const [method, path, body] of [
    ['PUT', `/api/people/${admin}/roles`, { roles: ['member'] }],
    ['POST', `/api/people/${admin}/suspend`, {}],
    ['DELETE', `/api/people/${admin}`, undefined],
  ] as const) {
    const refused = await hub.api(method, path, body)
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } })
  }
  expect((await get(`/api/people/${admin}`)).body).toMatchObject({ state: 'active', roles: ['admin'] })
})

test('C10: an invitation shows its link once, and can be withdrawn', async () => {
  const invited = await hub.api('POST', '/api/invitations', { email: 'Eve@Example.com', roles: ['auditor'] })
  expect(invited.status).toBe(200)
  const secret = new URL(invited.body.url).pathname.split('/').at(-1)!
  const listed = await get('/api/invitations')
  expect(listed.body.invitations).toMatchObject([{ email: 'eve@example.com', roles: ['auditor'] }])
  expect(JSON.stringify(listed.body)).not.toContain(secret)
  expect(JSON.stringify((await get('/api/activity')).body)).not.toContain(secret)
  await hub.api('DELETE', `/api/invitations/${invited.body.id}`)
  expect((await get('/api/invitations')).body.invitations).toEqual([])
})

test('sessions of a person are seen and ended, and only theirs', async () => {
  const { sessions } = (await get(`/api/people/${admin}/sessions`)).body
  expect(sessions.length).toBeGreaterThan(0)
  expect(JSON.stringify(sessions)).not.toContain('hash')
  const other = 'per_00000000000000000000000000'
  expect((await hub.api('DELETE', `/api/people/${other}/sessions/${sessions[0].id}`)).status).toBe(404)
  const ended = await hub.api('DELETE', `/api/people/${admin}/sessions/${sessions[0].id}`)
  expect(ended.body).toEqual({ ended: sessions[0].id })
  expect((await get(`/api/people/${admin}/sessions`)).body.sessions).toHaveLength(sessions.length - 1)
})

test('an app is added with a secret that is told once, suspended, and removed', async () => {
  const added = await hub.api('POST', '/api/apps', {
    name: 'Desk',
    redirectUris: ['https://desk.example/callback'],
    authMethod: 'client_secret_basic',
  })
  expect(added.body).toMatchObject({ app: { name: 'Desk', source: 'static' }, secret: expect.any(String) })
  const path = `/api/apps/${added.body.app.id}`
  expect(JSON.stringify((await get(path)).body)).not.toContain(added.body.secret)
  expect((await hub.api('POST', `${path}/suspend`, {})).body.state).toBe('suspended')
  expect((await hub.api('POST', `${path}/reactivate`, {})).body.state).toBe('active')
  expect((await hub.api('POST', `${path}/revoke`, {})).body).toEqual({ ended: [] })
  await hub.api('DELETE', path)
  expect((await get(path)).status).toBe(404)
  const evil = { name: 'Evil', redirectUris: ['javascript:alert(1)'] }
  expect((await hub.api('POST', '/api/apps', evil)).body.code).toBe('invalid_params')
})

test('an agent gets a key that is told once, new keys, and retires for good', async () => {
  const added = await hub.api('POST', '/api/agents', { name: 'night-shift', owner: admin })
  const { agent, shownOnce } = added.body
  expect(shownOnce).toMatchObject({ kind: 'private-key', privateKey: { kty: 'EC', d: expect.any(String) } })
  const path = `/api/agents/${agent.id}`
  expect(JSON.stringify((await get(path)).body)).not.toContain(shownOnce.privateKey.d)
  const rotated = await hub.api('POST', `${path}/keys`, {})
  expect(rotated.body.shownOnce.privateKey.d).not.toBe(shownOnce.privateKey.d)
  expect((await get(path)).body.proofs).toHaveLength(2)
  expect((await hub.api('POST', `${path}/retire`, {})).body.state).toBe('retired')
  expect((await hub.api('POST', `${path}/reactivate`, {})).body.code).toBe('conflict')
})

test('a grant is changed only from the version that was read, and its end names all that ended', async () => {
  const { body: grant } = await hub.api('POST', '/api/grants', {
    holder: { kind: 'person', id: admin },
    terms: TERMS,
  })
  const path = `/api/grants/${grant.id}`
  const narrower = { ...TERMS, capabilities: [{ capability: 'tool:files/read_text_file' }] }
  expect((await hub.api('PUT', `${path}/terms`, { terms: narrower, version: 1 })).body.version).toBe(2)
  const late = await hub.api('PUT', `${path}/terms`, { terms: TERMS, version: 1 })
  expect(late).toMatchObject({ status: 409, body: { code: 'conflict' } })
  expect((await get(path)).body).toMatchObject({ grant: { terms: narrower }, parents: [], covers: [] })
  expect((await get(`/api/grants?person=${admin}`)).body.grants).toMatchObject([{ id: grant.id }])
  expect((await hub.api('DELETE', path)).body).toEqual({ ended: [grant.id] })
  expect((await get(`/api/grants?person=${admin}`)).body.grants).toEqual([])
  expect((await get(`/api/grants?person=${admin}&revoked=true`)).body.grants).toMatchObject([
    { state: 'revoked' },
  ])
  const unknown = { holder: { kind: 'group', id: 'grp_00000000000000000000000009' }, terms: TERMS }
  expect((await hub.api('POST', '/api/grants', unknown)).status).toBe(404)
})

test('an outside server is listed for tokens, and taken off', async () => {
  const notes = {
    resource: 'https://notes.example/mcp',
    name: 'Notes',
    scopes: { 'notes:read': 'Read notes' },
  }
  const added = await hub.api('POST', '/api/resources', notes)
  expect(added.body).toMatchObject({ ...notes, source: 'api' })
  expect((await hub.api('POST', '/api/resources', notes)).status).toBe(409)
  await hub.api('DELETE', `/api/resources/${added.body.id}`)
  expect((await get('/api/resources')).body.resources).toEqual([])
})

test('R23: keys rotate at once only when asked to, and no private key is shown', async () => {
  const before = (await get('/api/keys')).body
  expect(before.signing.map(({ state }: { state: string }) => state).sort()).toEqual(['current', 'next'])
  expect((await hub.api('POST', '/api/keys/rotate', {})).status).toBe(409)
  const { body } = await hub.api('POST', '/api/keys/rotate', { now: true })
  expect(body.signing).toHaveLength(3)
  expect(JSON.stringify(body)).not.toMatch(/"d"|private|sealed/)
})

test("the administrator's first key is nobody's own", async () => {
  expect((await get('/api/me')).body).toMatchObject({ person: null, grant: null })
  expect(await get('/api/me/grants')).toMatchObject({ status: 404 })
})

test.each([
  ['GET', '/api/people?emial=x', undefined, 'invalid_params'],
  ['GET', '/api/people?after=a&after=b', undefined, 'invalid_params'],
  ['GET', '/api/status?token=x', undefined, 'invalid_params'],
  ['GET', '/api/activity?before=-1', undefined, 'invalid_params'],
  ['GET', '/api/people/per_short', undefined, 'not_found'],
  ['PATCH', '/api/people', {}, 'not_found'],
  ['POST', '/api/groups', { name: 'x', extra: 1 }, 'invalid_params'],
  ['POST', '/api/invitations', { email: 'x@example.com', roles: ['owner'] }, 'invalid_params'],
  [
    'POST',
    '/api/grants',
    { holder: { kind: 'app', id: 'app_00000000000000000000000000' }, terms: TERMS },
    'invalid_params',
  ],
])('%s %s %j is refused as a problem', async (method, path, body, code) => {
  const refused = await hub.api(method, path, body)
  expect(refused.body).toMatchObject({ code, detail: expect.any(String) })
})

test('no request without a bearer changes anything, whatever cookies it has', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const response = await fetch(`${hub.url}/api/groups`, {
      method,
      headers: { cookie: 'session=x', 'content-type': 'application/json', origin: hub.url },
      body: JSON.stringify({ name: 'Sneaked' }),
    })
    expect(response.status).toBe(401)
  }
  const typed = await fetch(`${hub.url}/api/groups`, {
    method: 'POST',
    headers: hub.headers,
    body: '{"name":"Sneaked"}',
  })
  expect(typed.status).toBe(415)
  expect(JSON.stringify((await get('/api/groups')).body)).not.toContain('Sneaked')
})
