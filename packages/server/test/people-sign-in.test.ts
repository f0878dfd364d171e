import { expect, test } from 'vitest'
import { SoftwareAuthenticator } from './software-authenticator.ts'
import { BY, PASSWORD, givePassword, startPeople } from './start-people.ts'

const NO_MATCH = 'Email and password do not match'

test('C6: a password alone reaches the second step and nothing else, by no path', async () => {
  await using house = await startPeople()
  const { code } = await house.join('grace@example.com')
  const client = house.client()
  const signedIn = await givePassword(client, 'grace@example.com')
  expect(signedIn.location).toBe('/login/second-factor')
  for (const path of [
    '/account',
    '/account/totp',
    '/account/password',
    '/account/passkeys/add',
    '/login/enrol',
    '/login/enrol/totp',
    '/login',
  ]) {
    const { status, location } = await client.get(path)
    expect([path, status]).toEqual([path, 303])
    expect(location).toMatch(/^\/login/)
    expect(location).not.toContain('/login/enrol')
  }
  await client.get('/login/second-factor')
  for (const path of [
    '/account/password',
    '/account/totp',
    '/login/enrol/totp',
    '/login/enrol/passkey',
    '/account/recovery-codes',
  ])
    expect((await client.post(path, { password: 'another fine thing' })).location).toMatch(/^\/login/)
  expect(house.people.signedIn({ headers: { cookie: client.cookieHeader } } as any)).toBeUndefined()
  await client.get('/login/second-factor')
  expect((await client.post('/login/second-factor', { code: code() })).location).toBe('/account')
  expect((await client.get('/account')).status).toBe(200)
  expect(house.people.signedIn({ headers: { cookie: client.cookieHeader } } as any)).toMatchObject({
    acr: 'urn:parley:2fa',
    amr: ['pwd', 'otp', 'mfa'],
  })
})

test('C6: the second step counts only beside a password given within ten minutes', async () => {
  await using house = await startPeople()
  const { code } = await house.join('grace@example.com')
  const client = house.client()
  await givePassword(client, 'grace@example.com')
  await client.get('/login/second-factor')
  house.clock.advance(11 * 60_000)
  const late = await client.post('/login/second-factor', { code: code() })
  expect(late.location).toBe('/login')
  expect((await client.get('/account')).location).toMatch(/^\/login/)
  expect((await client.get('/login')).status).toBe(200)
})

test('C7: a code of the app works once, also when twenty come at the same time', async () => {
  await using house = await startPeople()
  const { code } = await house.join('grace@example.com')
  const clients = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = house.client()
      await givePassword(client, 'grace@example.com')
      await client.get('/login/second-factor')
      return client
    }),
  )
  const now = code()
  const replies = await Promise.all(
    clients.flatMap((client) =>
      Array.from({ length: 5 }, () => client.copy().post('/login/second-factor', { code: now })),
    ),
  )
  expect(replies.filter(({ location }) => location === '/account').length).toBe(1)
  expect(replies.filter(({ status }) => status >= 500)).toEqual([])
  expect(house.errors).toEqual([])
  const after = house.client()
  await givePassword(after, 'grace@example.com')
  await after.get('/login/second-factor')
  expect((await after.post('/login/second-factor', { code: now })).location).toBeUndefined()
})

test('C7: five wrong codes make the next one wait, right or wrong, and the wait grows', async () => {
  await using house = await startPeople()
  const { client: _, code } = await house.join('grace@example.com')
  const client = house.client()
  await givePassword(client, 'grace@example.com')
  await client.get('/login/second-factor')
  const wrong = code() === '000000' ? '111111' : '000000'
  for (let tries = 0; tries < 5; tries++)
    expect((await client.post('/login/second-factor', { code: wrong })).status).toBe(401)
  const held = await client.post('/login/second-factor', { code: code() })
  expect(held.status).toBe(429)
  expect(Number(held.headers.get('retry-after'))).toBe(60)
  house.clock.advance(61_000)
  expect((await client.post('/login/second-factor', { code: wrong })).status).toBe(401)
  expect(
    Number((await client.post('/login/second-factor', { code: wrong })).headers.get('retry-after')),
  ).toBe(120)
  house.clock.advance(121_000)
  expect((await client.post('/login/second-factor', { code: code() })).location).toBe('/account')
})

test('C7: a recovery code works once, is kept only as a hash, and new ones end the old', async () => {
  await using house = await startPeople()
  const { client, recoveryCodes } = await house.join('grace@example.com')
  const rows = house.store.all('SELECT hash FROM recovery_codes')
  expect(rows.length).toBe(10)
  for (const code of recoveryCodes) expect(JSON.stringify(rows)).not.toContain(code)
  const use = async (code: string) => {
    const visitor = house.client()
    await givePassword(visitor, 'grace@example.com')
    await visitor.get('/login/second-factor')
    return (await visitor.post('/login/second-factor', { recovery: code })).location
  }
  const [first = '', second = ''] = recoveryCodes
  expect(await use(first.toUpperCase().replaceAll('-', ' '))).toBe('/account')
  expect(await use(first)).toBeUndefined()
  await client.get('/account')
  const renewed = await client.post('/account/recovery-codes')
  expect(renewed.html).toContain('Save your recovery codes')
  expect(await use(second)).toBeUndefined()
})

test.each([
  ['another origin', { origin: 'https://evil.example' }],
  ['another host', { rpId: 'evil.example' }],
  ['no user verification', { isUserVerified: false }],
  ['a ceremony of the other kind', { type: 'webauthn.create' }],
  ['another user handle', { userHandle: Buffer.from('somebody else').toString('base64url') }],
  ['a challenge of its own', { challenge: Buffer.alloc(56, 1).toString('base64url') }],
])('C7: a passkey answer with %s opens nothing', async (_name, wrong) => {
  await using house = await startPeople()
  const { device } = await house.setUp()
  const client = house.client()
  await client.get('/login')
  const reply = await client.post('/login/passkey', { credential: device.get(client.options, wrong) })
  expect(reply.status).toBe(401)
  expect(client.sessionCookie).toBeUndefined()
  await client.get('/login')
  expect((await client.post('/login/passkey', { credential: device.get(client.options) })).location).toBe(
    '/account',
  )
})

test('C7: a passkey answer is taken once, in its time, from the browser that was asked', async () => {
  await using house = await startPeople()
  const { device } = await house.setUp()
  const client = house.client()
  await client.get('/login')
  const answer = device.get(client.options)
  const other = house.client()
  await other.get('/login')
  expect((await other.post('/login/passkey', { credential: answer })).status).toBe(401)
  expect((await client.post('/login/passkey', { credential: answer })).location).toBe('/account')
  client.cookies.forEach((_, name) => name.includes('session') && client.cookies.delete(name))
  await client.get('/login')
  expect((await client.post('/login/passkey', { credential: answer })).status).toBe(401)
  await client.get('/login')
  const late = device.get(client.options)
  house.clock.advance(11 * 60_000)
  expect((await client.post('/login/passkey', { credential: late })).status).toBe(401)
  for (const broken of ['', '{}', '[]', 'null', '{"id":"x"}', answer.replace('public-key', 'private-key')]) {
    await client.get('/login')
    expect((await client.post('/login/passkey', { credential: broken })).status).toBe(401)
  }
  expect(house.errors).toEqual([])
})

test('C7: a passkey whose counter goes back is a copy and opens nothing', async () => {
  await using house = await startPeople()
  const { device } = await house.setUp()
  const use = async (counter: number) => {
    const client = house.client()
    await client.get('/login')
    return (await client.post('/login/passkey', { credential: device.get(client.options, { counter }) }))
      .status
  }
  expect(await use(7)).toBe(303)
  expect(await use(7)).toBe(401)
  expect(await use(6)).toBe(401)
  expect(await use(0)).toBe(401)
  expect(await use(8)).toBe(303)
})

test('C9: a wrong password, an unknown address, a suspended account and one without a password look alike', async () => {
  await using house = await startPeople()
  await house.setUp('passkey-only@example.com')
  await house.join('grace@example.com')
  await house.join('mallory@example.com')
  const mallory = house.people.management.findByEmail('mallory@example.com')!
  await house.people.management.suspend(mallory.id, BY)
  const tries = [
    ['grace@example.com', 'wrong and long enough'],
    ['nobody@example.com', PASSWORD],
    ['mallory@example.com', PASSWORD],
    ['passkey-only@example.com', PASSWORD],
    ['not an address', PASSWORD],
  ] as const
  const seen = []
  for (const [email, password] of tries) {
    const client = house.client()
    const { status, html, headers } = await givePassword(client, email, password)
    expect(html).toContain(NO_MATCH)
    expect(client.sessionCookie).toBeUndefined()
    const same = html.replaceAll(/value="[^"]*"|data-options="[^"]*"/g, '')
    seen.push([status, same, [...headers.keys()].join()].join('\n'))
  }
  expect(new Set(seen).size).toBe(1)
})

test('C9: an unknown address costs the time of a known one', async () => {
  await using house = await startPeople()
  await house.join('grace@example.com')
  const time = async (email: string) => {
    const client = house.client()
    await client.get('/login')
    const startedMs = performance.now()
    await client.post('/login', { email, password: 'wrong and long enough' })
    // Past every wait, so that each try is really made.
    house.clock.advance(24 * 3_600_000)
    return performance.now() - startedMs
  }
  const known: number[] = []
  const unknown: number[] = []
  for (let round = 0; round < 40; round++) {
    known.push(await time('grace@example.com'))
    unknown.push(await time(`nobody${round}@example.com`))
  }
  const median = (times: number[]) => times.sort((a, b) => a - b)[times.length / 2]!
  expect(Math.abs(median(known) - median(unknown))).toBeLessThan(20)
})

test('five wrong passwords lock an address for a while, with and without an account, and not its passkey', async () => {
  await using house = await startPeople()
  const { device } = await house.setUp('ada@example.com')
  const lock = async (email: string) => {
    const statuses = []
    for (let tries = 0; tries < 6; tries++)
      statuses.push((await givePassword(house.client(), email, 'wrong and long enough')).status)
    return statuses
  }
  expect(await lock('ada@example.com')).toEqual([401, 401, 401, 401, 401, 429])
  expect(await lock('nobody@example.com')).toEqual([401, 401, 401, 401, 401, 429])
  const client = house.client()
  await client.get('/login')
  expect((await client.post('/login/passkey', { credential: device.get(client.options) })).location).toBe(
    '/account',
  )
})

test('wrong tries count by client address too, as the trusted proxy names it, and by nothing the client says', async () => {
  await using house = await startPeople({ trustedProxy: true })
  await house.join('grace@example.com')
  const tryFrom = async (address: string, round: number) => {
    const client = house.client()
    await client.get('/login')
    const fields = { email: `nobody${round}@example.com`, password: 'wrong and long enough' }
    return (await client.post('/login', fields, { 'x-forwarded-for': address })).status
  }
  for (let round = 0; round < 30; round++)
    expect(await tryFrom(`10.9.9.${round}, 198.51.100.7`, round)).toBe(401)
  expect(await tryFrom('203.0.113.1, 198.51.100.7', 31)).toBe(429)
  expect(await tryFrom('198.51.100.7, 198.51.100.8', 32)).toBe(401)
})

test('D12: of 300 sign-ins at once those beyond the queue are refused with 429 and told when to come back', async () => {
  await using house = await startPeople({ trustedProxy: true })
  const client = house.client()
  await client.get('/login')
  const statuses = await Promise.all(
    Array.from({ length: 300 }, async (_, at) => {
      const fields = { email: `nobody${at}@example.com`, password: 'wrong and long enough' }
      const reply = await client.copy().post('/login', fields)
      return [reply.status, reply.headers.get('retry-after')] as const
    }),
  )
  const refused = statuses.filter(([status]) => status === 429)
  expect(refused.length).toBeGreaterThan(50)
  expect(refused.every(([, retryAfter]) => Number(retryAfter) > 0)).toBe(true)
  expect(statuses.filter(([status]) => status === 401).length).toBe(300 - refused.length)
  expect(house.errors).toEqual([])
})

test('a step-up to a passkey is met by a passkey alone, and goes on only to pages of ours', async () => {
  await using house = await startPeople()
  const { client, device } = await house.setUp()
  house.clock.advance(3_600_000)
  const ask = (returnTo: string) =>
    `/login?${new URLSearchParams({ return_to: returnTo, acr: 'urn:parley:passkey', max_age: '300' })}`
  const page = await client.get(ask('/interaction/abc?x=1'))
  expect(page.html).toContain('needs a passkey')
  expect(page.html).not.toContain('name="password"')
  const action = /action="(\/login\/passkey[^"]*)"/.exec(page.html)![1]!.replaceAll('&amp;', '&')
  const confirmed = await client.post(action, { credential: device.get(client.options) })
  expect(confirmed.location).toBe('/interaction/abc?x=1')
  expect((await client.get(ask('/interaction/abc?x=1'))).location).toBe('/interaction/abc?x=1')
  for (const evil of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/interaction/../api',
    '/mcp',
    'javascript:alert(1)',
  ])
    expect((await client.get(ask(evil))).location).toBe('/account')
})

test('a new passkey is bound to the account and cannot be added twice', async () => {
  await using house = await startPeople()
  const { client, device } = await house.setUp()
  await client.get('/account/passkeys/add')
  expect(client.options.excludeCredentials.map(({ id }: { id: string }) => id)).toEqual([
    device.id.toString('base64url'),
  ])
  expect(
    (await client.post('/account/passkeys/add', { credential: device.create(client.options) })).status,
  ).toBe(400)
  const third = new SoftwareAuthenticator(house.origin)
  await client.get('/account/passkeys/add')
  const racers = [1, 2, 3].map(() => client.copy())
  const raced = await Promise.all(
    racers.map((racer) => racer.post('/account/passkeys/add', { credential: third.create(racer.options) })),
  )
  // Who comes after the first finds the session changed, and is asked to sign in.
  expect(raced.filter(({ location }) => location === '/account').length, JSON.stringify(raced)).toBe(1)
  expect(house.errors).toEqual([])
  client.cookies.clear()
  racers[raced.findIndex(({ location }) => location === '/account')]!.cookies.forEach((value, name) =>
    client.cookies.set(name, value),
  )
  const second = new SoftwareAuthenticator(house.origin)
  await client.get('/account/passkeys/add')
  expect(
    (await client.post('/account/passkeys/add', { credential: second.create(client.options) })).location,
  ).toBe('/account')
  const visitor = house.client()
  await visitor.get('/login')
  expect((await visitor.post('/login/passkey', { credential: second.get(visitor.options) })).location).toBe(
    '/account',
  )
})
