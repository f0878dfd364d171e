import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { PersonId } from '@parley/contract'
import { connect, disconnect, startConnectedHubs, type ConnectedHubs } from './connected-hubs.ts'
import { grantsOf } from './granting-hub.ts'
import { legacyCall, openSession, sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { signUp } from './sign-in.ts'
import { until } from './start-test-hub.ts'

const PATH = '/mcp/servers/other'
const SHOWS_PAGES = { elicitation: { url: {} } }

let hubs: ConnectedHubs
/** The hub's definitions are read with a shared connection, which then ends: from there on everybody needs their own. */
beforeAll(async () => {
  hubs = await startConnectedHubs()
  await connect(hubs, 'everyone')
  await until(async () => (await hubs.hub.api('GET', '/api/servers/other')).body.counts.tools === 2)
  await disconnect(hubs.ada.visitor, 'everyone')
})
afterAll(() => hubs[Symbol.asyncDispose]())
beforeEach(() => (hubs.tools.calls.length = 0))

async function appOf(person: PersonId) {
  const { hub } = hubs
  const grants = grantsOf(hub)
  const audiences = { [hub.url + PATH]: ['mcp'] }
  const grant = await grants.grant(['tool:other/*'], { person, audiences })
  return grants.as(grants.token(grant, { aud: hub.url + PATH }))
}

const look = (more: object = {}, capabilities: Record<string, unknown> = SHOWS_PAGES) => ({
  path: PATH,
  ...modernRequest('tools/call', { name: 'look', arguments: {}, ...more }, capabilities),
})

function questionOf(result: any): { url: string; requestState: string } {
  expect(result.resultType).toBe('input_required')
  const { method, params } = result.inputRequests.connection
  expect(method).toBe('elicitation/create')
  expect(params.mode).toBe('url')
  expect(params.url.startsWith(`${hubs.hub.url}/connect/cnn_`)).toBe(true)
  return { url: params.url, requestState: result.requestState }
}

test('PX6, CL5: 2026-07-28: a person connects by URL elicitation, and the same call goes on', async () => {
  const app = await appOf(hubs.ada.person)
  const first = await sendRaw(app, look())
  const { url, requestState } = questionOf(first.body.result)
  expect(hubs.tools.calls).toEqual([])
  expect((await connect(hubs, await hubs.ada.visitor.open(url))).text).toContain('<h1>Connected</h1>')
  const accepted = { requestState, inputResponses: { connection: { action: 'accept' } } }
  const again = await sendRaw(app, look(accepted))
  expect(again.body.result).toMatchObject({ resultType: 'complete' })
  expect(hubs.tools.calls).toHaveLength(1)
  const carried = String(hubs.tools.calls[0]!.headers['authorization'] ?? '')
  expect(carried).not.toContain(app.headers.Authorization)
  // Somebody else's app has none of it.
  const eve = await signUp(hubs.hub, 'eve@example.com')
  questionOf((await sendRaw(await appOf(eve.person), look())).body.result)
  expect(hubs.tools.calls).toHaveLength(1)
  await disconnect(hubs.ada.visitor, 'you')
  questionOf((await sendRaw(app, look())).body.result)
  expect(hubs.tools.calls).toHaveLength(1)
})

test('a client that shows no pages is told the address, and a person who declines is believed', async () => {
  const app = await appOf(hubs.ada.person)
  const told = await sendRaw(app, look({}, {}))
  expect(told.body.error.message).toMatch(/Open http\S+\/connect\/cnn_\S+ and try again/)
  const { requestState } = questionOf((await sendRaw(app, look())).body.result)
  const declined = { requestState, inputResponses: { connection: { action: 'decline' } } }
  expect((await sendRaw(app, look(declined))).body.error.message).toMatch(/did not connect/)
  expect(hubs.tools.calls).toEqual([])
})

test('PX6: 2025-11-25: the error says that a page is needed, and the call that is sent again goes on', async () => {
  const app = await appOf(hubs.ada.person)
  const session = await openSession(app, SHOWS_PAGES, PATH)
  const first = await sendRaw(app, { path: PATH, ...legacyCall(session, 'look') })
  expect(first.body.error.code).toBe(-32042)
  const [{ url, elicitationId, mode }] = first.body.error.data.elicitations
  expect(mode).toBe('url')
  expect(url).toBe(`${hubs.hub.url}/connect/${elicitationId}`)
  await connect(hubs, await hubs.ada.visitor.open(url))
  const again = await sendRaw(app, { path: PATH, ...legacyCall(session, 'look', {}, 2) })
  expect(again.body.result.content).toBeDefined()
  expect(hubs.tools.calls).toHaveLength(1)
  await disconnect(hubs.ada.visitor, 'you')
})

test('S3: no token is in a log, a record or an answer of the API', async () => {
  const app = await appOf(hubs.ada.person)
  const { url } = questionOf((await sendRaw(app, look())).body.result)
  await connect(hubs, await hubs.ada.visitor.open(url))
  await sendRaw(app, look())
  const { body } = await hubs.hub.api('GET', '/api/activity')
  const everything = JSON.stringify(body) + hubs.hub.logs.join('\n')
  expect(everything).toContain('connection.connect')
  expect(everything).not.toMatch(/eyJ[\w-]{10,}\.eyJ|Bearer ey|code_verifier|refresh_token=/)
})
