import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GrantTerms } from '@parley/contract'
import { EVERYONE } from '../src/grants/index.ts'
import { startExchangeHub } from './start-exchange-hub.ts'

const SECRET = 'zzSECRETthirdparty'
const CONNECTION = 'urn:parley:params:oauth:token-type:connection'
const NAME = 'connection:files/token'
let hub: Awaited<ReturnType<typeof startExchangeHub>>
beforeAll(async () => {
  hub = await startExchangeHub()
})
afterAll(() => hub[Symbol.asyncDispose]())

const files = () => `${hub.url}/mcp/servers/files`

async function ask(terms: Partial<GrantTerms>, more: Record<string, string> = {}) {
  const audiences = { [`${hub.url}/mcp`]: ['mcp'], [files()]: ['mcp'] }
  const subject = await hub.tokenOfTerms({ audiences, ...terms })
  const parameters = { requested_token_type: CONNECTION, resource: files(), ...more }
  return hub.exchange(await hub.newAgent(), subject, parameters)
}

const named = { capabilities: [{ capability: 'tool:files/*' }, { capability: NAME }] }

test('an agent gets the token of a connection only where every grant and the entitlement name it', async () => {
  const none = await ask(named)
  expect(none).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  const header = { name: 'Authorization', value: `Bearer ${SECRET}` }
  expect((await hub.api('POST', '/api/connections', { server: 'files', headers: [header] })).status).toBe(200)
  const notEntitled = await ask(named)
  expect(notEntitled).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  await hub.grants.create(
    {
      kind: 'entitlement',
      holder: { kind: 'group', id: EVERYONE },
      person: null,
      parent: null,
      terms: { audiences: {}, capabilities: [{ capability: NAME }], limits: {}, expiresAt: null },
    },
    hub.person,
  )
  const given = await ask(named)
  expect(given).toMatchObject({
    status: 200,
    body: { access_token: SECRET, issued_token_type: CONNECTION, token_type: 'Bearer' },
  })
  const records = await hub.records()
  expect(records.filter(({ action }) => action === 'connection.token')).toMatchObject([
    { capability: NAME, person: hub.person },
  ])
  expect(JSON.stringify([records, hub.errors(), none, notEntitled])).not.toContain(SECRET)
})

test.each([
  ['everything', { capabilities: [{ capability: '*' }] }],
  ['every connection', { capabilities: [{ capability: 'connection:*' }] }],
  ['another server', { capabilities: [{ capability: 'connection:other/token' }] }],
  ['it under limits, which a token would escape', { ...named, limits: { calls: 5 } }],
  ['it for some arguments', { capabilities: [{ capability: NAME, where: [{ pointer: '/a', equals: 1 }] }] }],
])('a grant for %s gives no token', async (_name, terms) => {
  const reply = await ask(terms as Partial<GrantTerms>)
  expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  expect(JSON.stringify(reply.body)).not.toContain(SECRET)
})

test('a token that does not belong to one server of the hub is for none', async () => {
  for (const resource of [`${hub.url}/mcp`, 'https://notes.example/mcp', 'https://evil.example/'])
    expect((await ask(named, { resource })).status).toBe(400)
})
