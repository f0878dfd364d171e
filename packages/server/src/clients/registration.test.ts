import { describe, expect, test } from 'vitest'
import { newDataDir, openClients } from './fixtures/test-kit.ts'

const APP = {
  client_name: 'Cursor',
  redirect_uris: ['cursor://anysphere.cursor-retrieval/oauth/callback'],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
}

describe('AS7: dynamic client registration (RFC 7591)', () => {
  test('a public client gets its metadata back and no secret', async () => {
    const { register, clients } = await openClients()
    const { status, headers, body } = await register(APP)
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toMatchObject({ ...APP, application_type: 'native', response_types: ['code'] })
    expect(body.client_id).toMatch(/^app_/)
    expect(body.client_id_issued_at).toBe(1_700_000_000)
    expect(body).not.toHaveProperty('client_secret')
    const resolution = await clients.resolve(body.client_id)
    expect(resolution).toMatchObject({ kind: 'client', client: { ...APP, client_id: body.client_id } })
    expect(clients.findApp(body.client_id)).toMatchObject({
      name: 'Cursor',
      source: 'dcr',
      verifiedHost: null,
      lastUsedAt: null,
    })
  })

  test('a confidential client gets a secret once, kept as its hash alone', async () => {
    const { register, clients, store } = await openClients()
    const { body } = await register({ redirect_uris: ['https://app.example/cb'] })
    expect(body.token_endpoint_auth_method).toBe('client_secret_basic')
    expect(body.client_secret).toMatch(/^parley_secret_[\w-]{43}$/)
    expect(body.client_secret_expires_at).toBe(0)
    expect(clients.matchesSecret(body.client_id, body.client_secret)).toBe(true)
    expect(clients.matchesSecret(body.client_id, `${body.client_secret}x`)).toBe(false)
    const kept =
      JSON.stringify(store.all('SELECT * FROM apps')) + JSON.stringify(store.all('SELECT * FROM activity'))
    expect(kept).not.toContain('parley_secret_')
    const resolution = await clients.resolve(body.client_id)
    const standIn = resolution.kind === 'client' ? resolution.client.client_secret! : ''
    expect(standIn).not.toBe(body.client_secret)
    expect(clients.matchesSecret(body.client_id, standIn)).toBe(false)
  })

  test('S7: the registration and its record are one unit', async () => {
    const { register, records } = await openClients()
    const { body } = await register(APP)
    expect(records()[0]).toMatchObject({
      action: 'app.register',
      app: body.client_id,
      subject: body.client_id,
    })
  })

  test.each([
    ['a script', { ...APP, redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['a logo that is a script', { ...APP, logo_uri: 'javascript:alert(1)' }, 'invalid_client_metadata'],
    ['a grant of its own', { ...APP, grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    ['no redirect', {}, 'invalid_redirect_uri'],
    ['a list', [APP], 'invalid_client_metadata'],
    ['no JSON', '{', 'invalid_client_metadata'],
    ['two of one key', '{"client_name":"a","client_name":"b"}', 'invalid_client_metadata'],
    ['deep nesting', '['.repeat(5000), 'invalid_client_metadata'],
  ])('A8, A20: %s is refused, and nothing is kept', async (_, body, error) => {
    const { register, store } = await openClients()
    const answer = await register(body)
    expect(answer.status).toBe(400)
    expect(answer.body).toStrictEqual({ error, error_description: expect.any(String) })
    expect(store.all('SELECT id FROM apps')).toHaveLength(0)
  })

  test('A20: other methods and types are refused in the form of RFC 7591', async () => {
    const { register } = await openClients()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await register('a=b', { headers: form })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    const two = { 'content-type': 'application/json, application/x-www-form-urlencoded' }
    expect(await register(APP, { headers: two })).toMatchObject({ status: 400 })
    const get = await register(undefined, { method: 'GET', body: null })
    expect(get).toMatchObject({ status: 405 })
    expect(get.headers.get('allow')).toBe('POST')
  })

  test('D10: a body beyond its limit is not read', async () => {
    const { register, store } = await openClients()
    const answer = await register({ ...APP, padding: 'x'.repeat(11_000) })
    expect(answer.status).toBe(413)
    expect(store.all('SELECT id FROM apps')).toHaveLength(0)
  })
})

describe('A8: registration is held back', () => {
  test('one address is refused before its twentieth within an hour, and told when to come again', async () => {
    const { register, clock, store } = await openClients()
    const statuses: number[] = []
    for (let count = 0; count < 40; count++) statuses.push((await register(APP)).status)
    expect(statuses.indexOf(429)).toBe(15)
    expect(statuses.slice(15)).not.toContain(201)
    expect(store.all('SELECT id FROM apps')).toHaveLength(15)
    const refused = await register(APP)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    clock.advance(Number(refused.headers.get('retry-after')) * 1000)
    expect((await register(APP)).status).toBe(201)
    expect((await register(APP)).status).toBe(429)
  })

  test('of all registrations only so many may be unused, and only so many be', async () => {
    const { register, clients } = await openClients({
      limits: { registrationsPerHour: 1000, registeredApps: 20 },
    })
    const first = await register(APP)
    expect((await register(APP)).status).toBe(201)
    expect((await register(APP)).status).toBe(429)
    await clients.keepApp(first.body.client_id)
    expect((await register(APP)).status).toBe(201)
    expect((await register(APP)).headers.get('retry-after')).toBe('3600')
  })

  test('parallel registrations do not pass the cap', async () => {
    const { register, store } = await openClients({
      limits: { registrationsPerHour: 1000, registeredApps: 50 },
    })
    const answers = await Promise.all(Array.from({ length: 30 }, () => register(APP)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5)
    expect(store.all('SELECT id FROM apps')).toHaveLength(5)
  })

  test('what nobody granted anything is gone after a day, the rest stays', async () => {
    const { register, clients, clock, records } = await openClients()
    const unused = (await register({ redirect_uris: ['https://app.example/cb'] })).body
    const used = (await register(APP)).body
    await clients.keepApp(used.client_id)
    clock.setNow(clock.now() + 23 * 3_600_000)
    clock.advance(600_000)
    await expect.poll(() => clients.findApp(unused.client_id)).toBeDefined()
    clock.setNow(clock.now() + 2 * 3_600_000)
    clock.advance(600_000)
    await expect.poll(() => clients.findApp(unused.client_id)).toBeUndefined()
    expect(clients.matchesSecret(unused.client_id, unused.client_secret)).toBe(false)
    expect(clients.findApp(used.client_id)).toBeDefined()
    expect(records().filter(({ action }) => action === 'app.expire')).toHaveLength(1)
  })

  test('it can be off', async () => {
    const { register, store } = await openClients({ registration: 'off' })
    expect(await register(APP)).toMatchObject({ status: 403, body: { error: 'access_denied' } })
    expect(store.all('SELECT id FROM apps')).toHaveLength(0)
  })

  test('registrations outlive a restart, secrets included', async () => {
    const dataDir = newDataDir()
    const before = await openClients({ dataDir })
    const { body } = await before.register({ redirect_uris: ['https://app.example/cb'] })
    await before.clients[Symbol.asyncDispose]()
    await before.store[Symbol.asyncDispose]()
    const { clients } = await openClients({ dataDir })
    expect(clients.matchesSecret(body.client_id, body.client_secret)).toBe(true)
  })
})
