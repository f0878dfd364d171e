import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { addPeople, type ConnectingPerson } from './connecting-people.ts'
import { KEY_HEADER, startKeyedServer, type KeyedServer } from './keyed-server.ts'
import { legacyCall, openSession, sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const SECRET = 'zzSECRETconnection'
const ALL = '/mcp'
const TOOL = 'one__look'
let server: KeyedServer
let hub: TestHub
afterEach(async () => {
  await hub[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const headers = (value: string) => [{ name: 'X-Api-Key', value }]

async function start(era: 'modern' | 'legacy', keys: readonly string[]): Promise<void> {
  server = await startKeyedServer(era, keys)
  hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: server.url })
}

async function share(value: string) {
  const added = await hub.api('POST', '/api/connections', { server: 'one', headers: headers(value) })
  await until(async () => (await hub.api('GET', '/api/servers/one')).body.counts.tools === 1)
  return added
}

const connect = (person: ConnectingPerson, value: string) =>
  person.api('POST', '/api/me/connections', { server: 'one', headers: headers(value) })

async function call(as: TestHub, said = '') {
  const request = modernRequest('tools/call', { name: TOOL, arguments: { said } })
  const { status, body } = await sendRaw(as, { path: ALL, ...request })
  return { status, body, text: body.result?.content?.[0]?.text as string | undefined }
}

describe.each(['modern', 'legacy'] as const)('a %s server that wants a key', (era) => {
  test('is closed without a connection, and open to all with a shared one', async () => {
    await start(era, ['all'])
    expect((await hub.api('GET', '/api/servers/one')).body).toMatchObject({ health: 'unreachable' })
    expect((await share('all')).status).toBe(200)
    const [ann] = await addPeople(hub, 1)
    expect((await call(ann!.app)).text).toBe('all ')
    expect((await call(hub)).text).toBe('all ')
    const session = await openSession(ann!.app, {}, ALL)
    const legacy = await sendRaw(ann!.app, { path: ALL, ...legacyCall(session, TOOL) })
    expect(legacy.body.result.content[0].text).toBe('all ')
  })

  test('each person’s own goes before the shared one; ended, it ends what runs with it', async () => {
    await start(era, ['all', 'ann', 'new'])
    await share('all')
    const [ann, bob] = await addPeople(hub, 2)
    const session = await openSession(ann!.app, {}, ALL)
    const onSession = async () => {
      const reply = await sendRaw(ann!.app, { path: ALL, ...legacyCall(session, TOOL) })
      return reply.body.result?.content[0].text ?? reply.body.error
    }
    expect(await onSession()).toBe('all ')
    const { body: own } = await connect(ann!, 'ann')
    expect([(await call(ann!.app)).text, await onSession()]).toEqual(['ann ', 'ann '])
    expect((await call(bob!.app)).text).toBe('all ')
    await connect(ann!, 'new')
    expect([(await call(ann!.app)).text, await onSession()]).toEqual(['new ', 'new '])
    await hub.api('PUT', '/api/servers/one/connections', { owner: 'own' })
    expect((await ann!.api('DELETE', `/api/me/connections/${own.id}`)).status).toBe(200)
    const refused = await call(ann!.app)
    const url = `${hub.url}/account/connections/one`
    expect(refused.body.error).toMatchObject({ code: 4711, data: { server: 'one', why: 'none', url } })
    expect(await onSession()).toMatchObject({ code: 4711 })
    expect(server.crossed).toBe(0)
  })

  test('G2: 50 people with the same request id at once, and nobody gets what is another’s', async () => {
    const COUNT = 50
    const ROUNDS = 40
    await start(era, ['all', ...Array.from({ length: COUNT }, (_, at) => `key-${at}`)])
    await share('all')
    const people = await addPeople(hub, COUNT)
    await Promise.all(people.map((person, at) => connect(person, `key-${at}`)))
    let crossed = 0
    let answered = 0
    for (let round = 0; round < ROUNDS; round++) {
      const all = await Promise.all(people.map((person, at) => call(person.app, `${at} ${round}`)))
      answered += all.length
      crossed += all.filter(({ text }, at) => text !== `key-${at} ${at} ${round}`).length
    }
    expect({ answered, crossed, sessions: server.crossed }).toEqual({
      answered: COUNT * ROUNDS,
      crossed: 0,
      sessions: 0,
    })
  }, 120_000)
})

test('S3: what goes in never comes out: not in answers, logs, activity or metrics', async () => {
  await start('modern', [SECRET])
  const added = await share(SECRET)
  const id = added.body.id as string
  const replies = [added]
  for (const path of [`/api/connections/${id}`, '/api/connections', '/api/servers/one'])
    replies.push(await hub.api('GET', path))
  replies.push(await hub.api('POST', `/api/connections/${id}/test`, {}))
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect(replies.at(-1)!.body.ok).toBe(true)
  const bad = await hub.api('POST', '/api/connections', { server: 'one', headers: headers(`${SECRET}\n`) })
  expect(bad.status).toBe(400)
  const [ann] = await addPeople(hub, 1)
  expect((await ann!.api('GET', `/api/me/connections`)).body).toEqual({ connections: [], next: null })
  const metrics = await fetch(`${hub.url}/metrics`, { headers: hub.headers })
  const activity = await hub.api('GET', '/api/activity')
  expect(JSON.stringify(activity.body)).toContain('connection.add')
  const shown = [JSON.stringify([replies, bad, activity.body]), hub.logs.join(), await metrics.text()]
  expect(shown.join()).not.toContain(SECRET)
})

test('S2: neither the database nor a backup holds the secret', async () => {
  await start('modern', [SECRET])
  await share(SECRET)
  const backup = join(hub.dataDir, 'copy.db')
  expect((await hub.api('POST', '/api/backup', { file: backup })).status).toBeLessThan(500)
  const files = readdirSync(hub.dataDir, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  )
  expect(files.length).toBeGreaterThan(2)
  for (const { parentPath, name } of files)
    expect(readFileSync(join(parentPath, name)).includes(SECRET), name).toBe(false)
})

test('G11: a server at another address is another server, and gets nothing of what the first one had', async () => {
  await start('modern', [SECRET])
  await share(SECRET)
  await using evil = await startKeyedServer('modern', [''])
  await hub.api('DELETE', '/api/servers/one')
  await hub.api('POST', '/api/servers', { name: 'one', url: evil.url })
  expect((await call(hub)).text).toBe(' ')
  expect(evil.seen.length).toBeGreaterThan(2)
  expect(evil.seen.filter((one) => one.headers[KEY_HEADER] !== undefined)).toEqual([])
  expect((await hub.api('GET', '/api/connections')).body.connections).toEqual([])
  const { body } = await hub.api('GET', '/api/activity')
  expect(JSON.stringify(body)).toContain('one; connections to it that end: 1')
})

test('G11: an address that changes in parley.yaml ends the connections at the next start, and says so', async () => {
  server = await startKeyedServer('modern', [SECRET])
  await using evil = await startKeyedServer('modern', [''])
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-moved-'))
  const yaml = (url: string) => `servers:\n  one:\n    url: ${url}\n`
  hub = await startTestHub(yaml(server.url), { dataDir })
  await share(SECRET)
  await hub[Symbol.asyncDispose]()
  hub = await startTestHub(yaml(evil.url), { dataDir })
  await until(() => evil.seen.some(({ method }) => method === 'tools/list'))
  expect(evil.seen.filter((one) => one.headers[KEY_HEADER] !== undefined)).toEqual([])
  expect((await hub.api('GET', '/api/connections')).body.connections).toEqual([])
  expect(JSON.stringify((await hub.api('GET', '/api/activity')).body)).toContain(
    'connections to it that end: 1',
  )
  rmSync(dataDir, { recursive: true, force: true })
})

test('a server that trusts the hub gets the token of the call and the key, and no other Authorization', async () => {
  server = await startKeyedServer('modern', ['all'])
  hub = await startTestHub(`servers:\n  one:\n    url: ${server.url}\n    hopTokens: true\n`)
  await share('all')
  const [ann] = await addPeople(hub, 1)
  expect((await call(ann!.app)).text).toBe('all ')
  const session = await openSession(ann!.app, {}, ALL)
  await sendRaw(ann!.app, { path: ALL, ...legacyCall(session, TOOL) })
  const calls = server.seen.filter(({ method }) => method === 'tools/call')
  expect(calls).toHaveLength(2)
  for (const { headers: seen } of calls) {
    expect(seen[KEY_HEADER]).toBe('all')
    expect(seen.authorization).toMatch(/^Bearer ey/)
  }
  const other = [{ name: 'authorization', value: 'Bearer mine' }]
  const refused = await hub.api('POST', '/api/connections', { server: 'one', headers: other })
  expect(refused).toMatchObject({ status: 400 })
})

test('a person who is removed takes their connections along', async () => {
  await start('modern', ['all', 'ann'])
  await share('all')
  const [ann] = await addPeople(hub, 1)
  const { body: own } = await connect(ann!, 'ann')
  expect((await hub.api('GET', `/api/connections/${own.id}`)).status).toBe(200)
  expect((await hub.api('DELETE', `/api/people/${ann!.id}`)).status).toBe(200)
  expect((await hub.api('GET', `/api/connections/${own.id}`)).status).toBe(404)
  expect((await hub.api('GET', '/api/connections')).body.connections).toHaveLength(1)
})

test('G5: what is somebody else’s, or not for the person, is not found', async () => {
  await start('modern', ['all', 'ann'])
  const { body: shared } = await share('all')
  const [ann, bob] = await addPeople(hub, 2)
  const { body: own } = await connect(ann!, 'ann')
  for (const id of [own.id, shared.id, 'con_01JAAAAAAAAAAAAAAAAAAAAAAA']) {
    const [removed, tested] = [
      await bob!.api('DELETE', `/api/me/connections/${id}`),
      await bob!.api('POST', `/api/me/connections/${id}/test`, {}),
    ]
    expect([removed.status, tested.status]).toEqual([404, 404])
  }
  expect((await bob!.api('POST', '/api/connections', { server: 'one', headers: headers('x') })).status).toBe(
    403,
  )
  expect((await bob!.api('GET', '/api/connections')).status).toBe(403)
  expect((await ann!.api('POST', `/api/me/connections/${own.id}/test`, {})).body.ok).toBe(true)
  expect((await hub.api('POST', `/api/connections/${own.id}/test`, {})).status).toBe(403)
  expect((await call(ann!.app)).text).toBe('ann ')
})
