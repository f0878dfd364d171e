import { afterAll, beforeAll, expect, test } from 'vitest'
import { getTokens, openApp } from './oauth-app.ts'
import { signUp, signUpAdministrator, type SignedIn } from './sign-in.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

let hub: TestHub
let ada: SignedIn
let bob: SignedIn
beforeAll(async () => {
  hub = await startTestHub()
  ada = await signUpAdministrator(hub)
  bob = await signUp(hub, 'bob@example.com')
})
afterAll(() => hub[Symbol.asyncDispose]())

async function open(who: SignedIn, scope = 'hub:read hub:manage', resource = '/api') {
  const app = await openApp(hub.url)
  const { access_token: token } = await getTokens(app, who.visitor, { resource: hub.url + resource, scope })
  return async (method: string, path: string, body?: unknown) => {
    const response = await fetch(hub.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const challenge = response.headers.get('www-authenticate') ?? ''
    return { status: response.status, challenge, body: (await response.json()) as any }
  }
}

test('a member sees and ends what is their own, and learns which roles may do more', async () => {
  const call = await open(bob)
  const me = await call('GET', '/api/me')
  expect(me.body).toMatchObject({ person: { email: 'bob@example.com' }, roles: ['member'] })
  const refused = await call('GET', '/api/people')
  expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  expect(refused.body.detail).toMatch(/admin or auditor/)
  expect(JSON.stringify(refused.body)).not.toContain('ada@example.com')
  const { grants } = (await call('GET', '/api/me/grants')).body
  expect(grants.map(({ id }: { id: string }) => id)).toContain(me.body.grant)
  expect((await call('DELETE', `/api/me/grants/${me.body.grant}`)).body.ended).toEqual([me.body.grant])
  expect((await call('GET', '/api/me')).status).toBe(401)
})

test("nobody ends somebody else's grant or session as their own", async () => {
  const mine = await open(bob)
  const theirs = await open(ada)
  const { grant } = (await theirs('GET', '/api/me')).body
  const [session] = (await theirs('GET', '/api/me/sessions')).body.sessions
  expect((await mine('DELETE', `/api/me/grants/${grant}`)).status).toBe(404)
  expect((await mine('DELETE', `/api/me/sessions/${session.id}`)).status).toBe(404)
  expect((await theirs('GET', '/api/me/sessions')).body.sessions).toContainEqual(session)
})

test('RS5, RS6: a token to look with cannot change anything, and is told which scope would', async () => {
  const call = await open(ada, 'hub:read')
  expect((await call('GET', '/api/people')).status).toBe(200)
  const refused = await call('POST', '/api/groups', { name: 'Sneaked' })
  expect(refused.status).toBe(403)
  expect(refused.challenge).toMatch(/error="insufficient_scope".*scope="hub:manage"/)
  expect((await call('GET', '/api/groups')).body.groups).toEqual([])
})

test('RS4: a token for the tools is none for the management', async () => {
  const call = await open(ada, 'mcp', '/mcp')
  expect(await call('GET', '/api/me')).toMatchObject({ status: 401 })
})

test('who is suspended is out at once, and a person who was removed leaves no grant', async () => {
  const eve = await signUp(hub, 'eve@example.com', ['auditor'])
  const call = await open(eve)
  expect((await call('GET', '/api/people')).status).toBe(200)
  await hub.api('POST', `/api/people/${eve.person}/suspend`, {})
  expect((await call('GET', '/api/people')).status).toBe(401)
  expect((await hub.api('DELETE', `/api/people/${eve.person}`)).status).toBe(200)
  expect((await hub.api('GET', `/api/grants?person=${eve.person}`)).body.grants).toEqual([])
})

test("the administrator's first key ends for good, and only with an administrator to take over", async () => {
  await using fresh = await startTestHub()
  expect((await fresh.api('POST', '/api/keys/bootstrap/retire', {})).status).toBe(409)
  expect((await fresh.api('GET', '/api/keys')).body.bootstrap).toBe(true)
  await signUpAdministrator(fresh)
  expect((await fresh.api('POST', '/api/keys/bootstrap/retire', {})).body.bootstrap).toBe(false)
  expect((await fresh.api('GET', '/api/keys')).status).toBe(401)
})
