import { expect, test } from 'vitest'
import { BY, givePassword, startPeople } from './start-people.ts'

const ACCOUNT_OPEN = 200

test('C1: the cookie is HttpOnly and SameSite=Lax, random, kept as a hash, and new at every step', async () => {
  await using house = await startPeople()
  const { code } = await house.join('grace@example.com')
  const client = house.client()
  client.cookies.set(`parley-session-${new URL(house.origin).port}`, 'fixed-by-someone-else')
  const first = await givePassword(client, 'grace@example.com')
  const line = first.headers.getSetCookie().find((one) => one.startsWith('parley-session'))!
  expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/)
  const afterPassword = client.copy()
  expect(client.sessionCookie).toMatch(/^[\w-]{43}$/)
  await client.get('/login/second-factor')
  await client.post('/login/second-factor', { code: code() })
  expect(client.sessionCookie).not.toBe(afterPassword.sessionCookie)
  expect((await afterPassword.get('/account')).status).toBe(303)
  expect((await afterPassword.get('/login/second-factor')).status).toBe(303)
  const stored = JSON.stringify(house.store.all('SELECT * FROM browser_sessions'))
  expect(stored).not.toContain(client.sessionCookie)
})

test('C1: an old cookie opens nothing after signing out, and after a change of the password', async () => {
  await using house = await startPeople()
  const { client } = await house.join('grace@example.com')
  const thief = client.copy()
  expect((await thief.get('/account')).status).toBe(ACCOUNT_OPEN)
  await client.get('/account/password')
  await client.post('/account/password', { password: 'other quiet herons' })
  expect((await client.get('/account')).status).toBe(ACCOUNT_OPEN)
  expect((await thief.get('/account')).location).toMatch(/^\/login/)
  const again = client.copy()
  await client.get('/account')
  expect((await client.post('/logout')).location).toBe('/login')
  expect(client.sessionCookie).toBeUndefined()
  expect((await again.get('/account')).location).toMatch(/^\/login/)
  expect(house.revoked.map(({ kind }) => kind)).toEqual(['session'])
})

test('C1: a change of what protects the account ends the cookie it was made with', async () => {
  await using house = await startPeople()
  const { client } = await house.join('grace@example.com')
  const thief = client.copy()
  await client.get('/account')
  await client.post('/account/recovery-codes')
  expect((await client.get('/account')).status).toBe(ACCOUNT_OPEN)
  expect((await thief.get('/account')).location).toMatch(/^\/login/)
})

test('C1: a session ends after a day unused, after a week, and the password step after a quarter of an hour', async () => {
  await using house = await startPeople()
  const hour = 3_600_000
  const idle = await house.join('idle@example.com')
  const busy = await house.join('busy@example.com')
  const half = house.client()
  await givePassword(half, 'busy@example.com')
  house.clock.advance(hour / 4)
  expect((await half.get('/login/second-factor')).location).toMatch(/^\/login$/)
  for (let hours = 0; hours < 24 * 7 - 1; hours += 20) {
    expect((await busy.client.get('/account')).status).toBe(ACCOUNT_OPEN)
    const seen = () => house.store.get('SELECT max(last_used_at) AS at FROM browser_sessions')!['at']
    await expect.poll(seen).toBe(house.clock.now())
    house.clock.advance(20 * hour)
  }
  expect((await idle.client.get('/account')).location).toMatch(/^\/login/)
  house.clock.advance(3 * hour)
  expect((await busy.client.get('/account')).location).toMatch(/^\/login/)
})

test('sessions are listed, one is ended alone, and nobody ends those of another person', async () => {
  await using house = await startPeople()
  const grace = await house.join('grace@example.com')
  const mallory = await house.join('mallory@example.com')
  const second = house.client()
  await givePassword(second, 'grace@example.com')
  await second.get('/login/second-factor')
  await second.post('/login/second-factor', { code: grace.code() })
  const idOf = async (client: typeof second) =>
    /name="session"\s+value="(ses_[^"]+)"/.exec((await client.get('/account')).html)?.[1] ?? ''
  const target = await idOf(grace.client)
  await mallory.client.get('/account')
  await mallory.client.post('/account/sessions/end', { session: target })
  expect((await second.get('/account')).status).toBe(ACCOUNT_OPEN)
  await grace.client.get('/account')
  await grace.client.post('/account/sessions/end', { session: target })
  expect((await second.get('/account')).location).toMatch(/^\/login/)
  expect((await grace.client.get('/account')).status).toBe(ACCOUNT_OPEN)
  expect(house.revoked).toMatchObject([{ kind: 'session', id: target }])
})

test('a change of the account needs a proof of the last five minutes', async () => {
  await using house = await startPeople()
  const { client, code } = await house.join('grace@example.com')
  house.clock.advance(6 * 60_000)
  expect((await client.get('/account')).status).toBe(ACCOUNT_OPEN)
  for (const path of ['/account/password', '/account/totp', '/account/passkeys/add'])
    expect((await client.get(path)).location).toMatch(/^\/login\?return_to=%2Faccount%2F/)
  await client.get('/account')
  const before = house.store.all('SELECT password FROM people')
  for (const path of ['/account/password', '/account/recovery-codes', '/account/totp/remove'])
    expect((await client.post(path, { password: 'other quiet herons' })).location).toMatch(/^\/login/)
  expect(house.store.all('SELECT password FROM people')).toEqual(before)
  const page = await client.get('/login?return_to=%2Faccount%2Fpassword&max_age=300')
  expect(page.html).toContain('Confirm that it is you')
  const action = '/login?return_to=%2Faccount%2Fpassword&max_age=300'
  const step = await client.post(action, { email: 'grace@example.com', password: 'seven quiet herons' })
  expect(step.location).toBe('/login/second-factor?return_to=%2Faccount%2Fpassword&max_age=300')
  expect((await client.get('/account/password')).status).toBe(303)
  await client.get(step.location!)
  expect((await client.post(step.location!, { code: code() })).location).toBe('/account/password')
  expect((await client.get('/account/password')).status).toBe(200)
})

test('the last safe way into an account cannot be removed', async () => {
  await using house = await startPeople()
  const { client, device } = await house.setUp()
  await client.get('/account')
  const refused = await client.post('/account/passkeys/remove', { passkey: device.id.toString('base64url') })
  expect(refused.status).toBe(409)
  const grace = await house.join('grace@example.com')
  await grace.client.get('/account')
  expect((await grace.client.post('/account/totp/remove')).status).toBe(409)
  expect(house.store.all('SELECT 1 FROM totp').length).toBe(1)
  expect(house.store.all('SELECT 1 FROM passkeys').length).toBe(1)
})

test('suspending, another role and removal end sessions at once and cut tokens off in the same unit', async () => {
  await using house = await startPeople()
  await house.setUp()
  const { management } = house.people
  for (const [email, end] of [
    ['a@example.com', (id: any) => management.suspend(id, BY)],
    ['b@example.com', (id: any) => management.setRoles(id, ['auditor'], BY)],
    ['c@example.com', (id: any) => management.remove(id, BY)],
  ] as const) {
    const { client } = await house.join(email)
    const { id } = management.findByEmail(email)!
    const before = house.people.version
    expect((await client.get('/account')).status).toBe(ACCOUNT_OPEN)
    await end(id)
    expect((await client.get('/account')).location).toMatch(/^\/login/)
    expect(house.revoked.at(-1)).toMatchObject({ kind: 'person', id })
    expect(house.people.version).toBeGreaterThan(before)
  }
  const suspended = management.findByEmail('a@example.com')!
  expect((await givePassword(house.client(), 'a@example.com')).status).toBe(401)
  await management.reactivate(suspended.id, BY)
  expect((await givePassword(house.client(), 'a@example.com')).status).toBe(303)
  expect(management.findByEmail('c@example.com')).toBeUndefined()
})

test('the last administrator stays one', async () => {
  await using house = await startPeople()
  await house.setUp()
  const { management } = house.people
  const { id } = management.findByEmail('ada@example.com')!
  await expect(management.suspend(id, BY)).rejects.toThrow('without an administrator')
  await expect(management.setRoles(id, ['member'], BY)).rejects.toThrow('without an administrator')
  await expect(management.remove(id, BY)).rejects.toThrow('without an administrator')
  expect(house.people.find(id)).toMatchObject({ roles: ['admin'], state: 'active' })
  expect(house.revoked).toEqual([])
  await house.join('second@example.com', ['admin'])
  expect((await management.suspend(id, BY)).state).toBe('suspended')
})

test('groups are named once, given to people, and gone from them when they are removed', async () => {
  await using house = await startPeople()
  await house.join('grace@example.com')
  const { management } = house.people
  const group = await management.createGroup('Research', BY)
  await expect(management.createGroup('Research', BY)).rejects.toThrow('of this name already')
  const { id } = management.findByEmail('grace@example.com')!
  expect((await management.setGroups(id, [group.id], BY)).groups).toEqual([group.id])
  await expect(management.setGroups(id, ['grp_none'], BY)).rejects.toThrow('no such group')
  await management.removeGroup(group.id, BY)
  expect(house.people.find(id)!.groups).toEqual([])
})
