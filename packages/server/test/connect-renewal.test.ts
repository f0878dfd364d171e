import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { EVERYONE } from '../src/grants/index.ts'
import { agreeToGo, beginToConnect } from './connected-hubs.ts'
import { grantsOf } from './granting-hub.ts'
import type { Visited } from './page-visitor.ts'
import { sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startScriptedOAuthServer, type ScriptedOAuthServer } from './scripted-oauth-server.ts'
import { signUpAdministrator, type SignedIn } from './sign-in.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const PATH = '/mcp/servers/other'

let server: ScriptedOAuthServer
let hub: TestHub
let ada: SignedIn
let app: TestHub
beforeAll(async () => {
  server = await startScriptedOAuthServer()
  hub = await startTestHub(JSON.stringify({ servers: { other: { url: server.url } } }))
  ada = await signUpAdministrator(hub)
  const everyone = hub.hub.grants.entitlementsOf({ kind: 'group', id: EVERYONE })[0]!
  const capabilities = [{ capability: 'tool:other/*' }]
  await hub.hub.grants.changeTerms(everyone.id, { ...everyone.terms, capabilities }, 'test')
  await until(async () => (await hub.api('GET', '/api/servers/other')).body.lastError?.includes('sign-in'))
  await goThere(await beginToConnect(ada.visitor, 'everyone'))
  await until(async () => (await hub.api('GET', '/api/servers/other')).body.counts.tools === 2)
  const grants = grantsOf(hub)
  const audiences = { [hub.url + PATH]: ['mcp'] }
  const grant = await grants.grant(['tool:other/*'], { person: ada.person, audiences })
  app = grants.as(grants.token(grant, { aud: hub.url + PATH }))
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  Object.assign(server.settings, { expiresIn: 3600, refuseRefresh: undefined, withholdsScope: false })
  for (const name of Object.keys(server.needs)) delete server.needs[name]
  await goThere(await beginToConnect(ada.visitor, 'me'))
  server.calls.length = 0
  server.tokenRequests.length = 0
  server.authorizations.length = 0
})

async function goThere(page: Visited): Promise<Visited> {
  return ada.visitor.open(server.authorize(await agreeToGo(ada.visitor, page)))
}

const call = (name: string, more: object = {}) =>
  sendRaw(app, {
    path: PATH,
    ...modernRequest('tools/call', { name, arguments: {}, ...more }, { elicitation: { url: {} } }),
  })

const refreshes = () => server.tokenRequests.filter((form) => form.get('grant_type') === 'refresh_token')

test('CL5, CL4: each call carries the token of its person, which was asked for this server', async () => {
  expect((await call('look')).body.result.resultType).toBe('complete')
  const { token } = server.calls[0]!
  expect(server.taken.has(token)).toBe(true)
  expect(server.tokenRequests).toEqual([])
})

test('CL12: a token that is taken no more is renewed once, however many calls meet it', async () => {
  server.taken.clear()
  const answers = await Promise.all(Array.from({ length: 10 }, () => call('look')))
  for (const { body } of answers) expect(body.result.resultType).toBe('complete')
  expect(refreshes()).toHaveLength(1)
  expect(refreshes()[0]!.get('resource')).toBe(server.url)
  expect(new Set(server.calls.map(({ token }) => token)).size).toBe(1)
})

test('CL12: a token is renewed ahead of its end, once', async () => {
  server.settings.expiresIn = 30
  await goThere(await beginToConnect(ada.visitor, 'me'))
  server.settings.expiresIn = 3600
  server.tokenRequests.length = 0
  await Promise.all(Array.from({ length: 5 }, () => call('look')))
  await call('look')
  expect(refreshes()).toHaveLength(1)
})

test('CL12: when the authorization server will not renew, the person is asked, and nobody else is told why', async () => {
  server.taken.clear()
  server.settings.refuseRefresh = 'invalid_grant'
  const { result } = (await call('look')).body
  expect(result.resultType).toBe('input_required')
  expect(server.calls).toEqual([])
  const account = await ada.visitor.open('/account/connections')
  expect(account.text).toMatch(/For you <span class="badge warning">reconnect/)
  const { url } = result.inputRequests.connection.params
  await goThere(await ada.visitor.open(url))
  const accepted = {
    requestState: result.requestState,
    inputResponses: { connection: { action: 'accept' } },
  }
  expect((await call('look', accepted)).body.result.resultType).toBe('complete')
})

test('CL11: more scope is asked for on top of what there is', async () => {
  server.needs['change'] = 'write'
  const { result } = (await call('change')).body
  expect(result.resultType).toBe('input_required')
  const page = await ada.visitor.open(result.inputRequests.connection.params.url)
  expect(page.text).toContain('<code>read write</code>')
  await goThere(page)
  expect(server.authorizations.at(-1)!.searchParams.get('scope')).toBe('read write')
  expect((await call('change')).body.result.resultType).toBe('complete')
})

test('CL11: a scope that was asked for and not given is not asked for again', async () => {
  server.needs['change'] = 'admin'
  const { result } = (await call('change')).body
  server.settings.withholdsScope = true
  await goThere(await ada.visitor.open(result.inputRequests.connection.params.url))
  const again = await call('change')
  expect(again.body.error.message).toMatch(/sign-in|credentials/)
  expect(server.authorizations).toHaveLength(1)
  expect(server.calls).toEqual([])
})
