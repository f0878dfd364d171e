import { expect, test } from 'vitest'
import { SoftwareAuthenticator } from './software-authenticator.ts'
import { BY, PASSWORD, givePassword, startPeople } from './start-people.ts'

const pathOf = (url: string) => new URL(url).pathname

test('L5: there is no default account; the setup link works once, and a new one ends the one before', async () => {
  await using house = await startPeople()
  expect(house.people.management.list()).toEqual([])
  const old = pathOf((await house.people.openSetup())!)
  const link = pathOf((await house.people.openSetup())!)
  const client = house.client()
  expect((await client.get(old)).status).toBe(404)
  expect((await client.get(link)).status).toBe(200)
  expect(JSON.stringify(house.store.all('SELECT * FROM one_time_links'))).not.toContain(link.split('/')[2])
  const fields = { email: 'ada@example.com', name: 'Ada', password: PASSWORD }
  const racers = await Promise.all([1, 2, 3].map(() => client.copy().post(link, fields)))
  expect(racers.filter(({ status }) => status === 303).length).toBe(1)
  expect(house.people.management.list()).toMatchObject([{ email: 'ada@example.com', roles: ['admin'] }])
  expect((await client.get(link)).status).toBe(404)
  expect(await house.people.openSetup()).toBeUndefined()
})

test('L5: a setup link is dead after a day, and one that is made up was never alive', async () => {
  await using house = await startPeople()
  const link = pathOf((await house.people.openSetup())!)
  const client = house.client()
  await client.get(link)
  house.clock.advance(24 * 3_600_000)
  expect((await client.get(link)).status).toBe(404)
  expect((await client.post(link, { email: 'a@b.c', name: 'A', password: PASSWORD })).status).toBe(404)
  expect((await client.get(`/setup/${'A'.repeat(43)}`)).status).toBe(404)
  expect(house.people.management.list()).toEqual([])
})

test('invitations, accounts and groups have a limit, and one more changes nothing', async () => {
  await using house = await startPeople({ limits: { people: 4, groups: 2, invitations: 2 } })
  await house.setUp()
  const { management } = house.people
  const invite = (email: string) => management.invite({ email, roles: ['member'], groups: [] }, BY)
  await invite('one@example.com')
  await invite('two@example.com')
  await expect(invite('three@example.com')).rejects.toThrow('limits.invitations')
  // Another invitation of the same address takes the place of the first.
  await invite('two@example.com')
  house.clock.advance(73 * 3_600_000)
  await house.join('one@example.com')
  await house.join('two@example.com')
  await invite('three@example.com')
  await expect(invite('four@example.com')).rejects.toThrow('limits.people')
  expect(management.invitations().map(({ email }) => email)).toEqual(['three@example.com'])
  await management.createGroup('red', BY)
  await management.createGroup('blue', BY)
  await expect(management.createGroup('green', BY)).rejects.toThrow('limits.groups')
  expect(management.groups().map(({ name }) => name)).toEqual(['blue', 'red'])
})

test('C10: an invitation is bound to its address and roles, whatever the form says, and works once in 72 hours', async () => {
  await using house = await startPeople()
  await house.setUp()
  const { management } = house.people
  const { url } = await management.invite({ email: 'Grace@Example.com', roles: ['member'], groups: [] }, BY)
  const client = house.client()
  await client.get(pathOf(url))
  const forged = {
    name: 'Grace',
    password: PASSWORD,
    email: 'evil@example.com',
    roles: 'admin',
    role: 'admin',
  }
  expect((await client.post(pathOf(url), forged)).status).toBe(303)
  expect(management.findByEmail('grace@example.com')).toMatchObject({ roles: ['member'], name: 'Grace' })
  expect(management.findByEmail('evil@example.com')).toBeUndefined()
  const replay = house.client()
  await replay.get('/login')
  expect((await replay.post(pathOf(url), forged)).status).toBe(404)
  await expect(
    management.invite({ email: 'grace@example.com', roles: ['admin'], groups: [] }, BY),
  ).rejects.toThrow('already')

  const late = await management.invite({ email: 'late@example.com', roles: ['member'], groups: [] }, BY)
  expect(management.invitations()).toMatchObject([{ email: 'late@example.com' }])
  house.clock.advance(72 * 3_600_000)
  expect((await house.client().get(pathOf(late.url))).status).toBe(404)
  expect(management.invitations()).toEqual([])
  const gone = await management.invite({ email: 'gone@example.com', roles: ['member'], groups: [] }, BY)
  await management.withdrawInvitation(gone.id, BY)
  expect((await house.client().get(pathOf(gone.url))).status).toBe(404)
  expect((await house.client().get(pathOf(gone.url).replace('invite', 'setup'))).status).toBe(404)
})

test('C10, C6: a reset link works once within an hour, ends all sessions, and leaves the second factor in place', async () => {
  await using house = await startPeople()
  await house.setUp()
  const { client, code } = await house.join('grace@example.com')
  const { management } = house.people
  const { id } = management.findByEmail('grace@example.com')!
  const { url } = await management.createReset(id, { dropFactors: false }, BY)
  const visitor = house.client()
  const page = await visitor.get(pathOf(url))
  expect(page.html).not.toContain('data-passkey')
  const device = new SoftwareAuthenticator(house.origin)
  const options = { challenge: 'AAAA', rp: { id: 'localhost' }, user: { id: 'AAAA' } }
  expect((await visitor.post(pathOf(url), { credential: device.create(options) })).status).toBe(400)
  expect((await visitor.post(pathOf(url), { password: 'password123' })).status).toBe(400)
  expect((await visitor.post(pathOf(url), { password: 'other quiet herons' })).location).toBe('/login')
  expect((await visitor.get('/account')).location).toMatch(/^\/login/)
  expect((await visitor.get('/login')).location).toBe('/login/second-factor')
  expect((await visitor.get('/login/enrol')).location).toBe('/login/second-factor')
  expect((await client.get('/account')).location).toMatch(/^\/login/)
  expect(house.revoked.at(-1)).toMatchObject({ kind: 'person', id })
  await visitor.get('/login/second-factor')
  expect((await visitor.post('/login/second-factor', { code: code() })).location).toBe('/account')
  expect((await givePassword(house.client(), 'grace@example.com')).status).toBe(401)
  expect((await house.client().get(pathOf(url))).status).toBe(404)

  const late = await management.createReset(id, { dropFactors: false }, BY)
  house.clock.advance(3_600_000)
  expect((await house.client().get(pathOf(late.url))).status).toBe(404)
})

test('C10: a reset that drops the factors takes the old ones away and lets a passkey take their place', async () => {
  await using house = await startPeople()
  await house.setUp()
  await house.join('grace@example.com')
  const { management } = house.people
  const { id } = management.findByEmail('grace@example.com')!
  const { url } = await management.createReset(id, { dropFactors: true }, BY)
  const visitor = house.client()
  await visitor.get(pathOf(url))
  const device = new SoftwareAuthenticator(house.origin)
  const done = await visitor.post(pathOf(url), { credential: device.create(visitor.options) })
  expect(done.location).toBe('/account')
  expect((await visitor.get('/account')).status).toBe(200)
  expect((await givePassword(house.client(), 'grace@example.com')).status).toBe(401)
  for (const table of ['totp', 'recovery_codes'])
    expect(house.store.all(`SELECT 1 FROM ${table}`)).toEqual([])
})

test('weak passwords are refused with words that help', async () => {
  await using house = await startPeople()
  const { url } = await house.people.management.invite(
    { email: 'grace.hopper@example.com', roles: ['member'], groups: [] },
    BY,
  )
  const client = house.client()
  await client.get(pathOf(url))
  for (const [password, words] of [
    ['short', 'at least 10 characters'],
    ['Password1234!', 'among the first'],
    ['grace.hopper@example.com', 'not your name'],
    ['Grace.Hopper2026', 'not your name'],
    ['aaaaaaaaaaaa', 'different characters'],
    ['abcdefghijklm', 'neighbouring'],
    ['x'.repeat(300), 'at most 256'],
  ] as const) {
    const reply = await client.post(pathOf(url), { name: 'Grace Hopper', password })
    expect([password, reply.status]).toEqual([password, 400])
    expect(reply.html).toContain(words)
    expect(reply.html).toMatch(/type="password"\s+value=""/)
  }
  expect(house.people.management.list()).toEqual([])
})
