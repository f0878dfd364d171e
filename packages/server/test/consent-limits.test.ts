import { setTimeout as wait } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, authorize, openApp, redeem, type TestApp } from './oauth-app.ts'
import { readForm, type Visited } from './page-visitor.ts'
import { startScriptedUpstream } from './scripted-upstream.ts'
import { signUpAdministrator, type SignedIn } from './sign-in.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

let hub: TestHub
let app: TestApp
let ada: SignedIn

beforeAll(async () => {
  hub = await startTestHub()
  ada = await signUpAdministrator(hub)
  app = await openApp(hub.url)
})
afterAll(() => hub[Symbol.asyncDispose]())

const pageOf = async (changes: Record<string, string | null>) =>
  ada.visitor.open((await ask(app, changes)).url.href)
const grants = () => hub.hub.grants.list({ person: ada.person }).length
async function allow(page: Visited, changes: Record<string, string | null>) {
  await wait(550)
  return ada.visitor.submit(page, { decision: 'allow', ...changes })
}

test('all switched off and “Allow” says that nothing is left to allow, keeps the choice, and grants nothing', async () => {
  const before = grants()
  const page = await pageOf({ resource: `${hub.url}/api`, scope: 'hub:read hub:manage' })
  const off = { 'scope.hub:read': null, 'scope.hub:manage': null, seconds: '3600' }
  const again = await allow(page, off)
  expect(again.status).toBe(409)
  expect(again.text).toMatch(/role="alert"[\s\S]*there is nothing left to allow/)
  expect(readForm(again.text)).not.toHaveProperty('scope.hub:read')
  expect(readForm(again.text)['seconds']).toBe('3600')
  expect(grants()).toBe(before)
  const third = await allow(again, { 'scope.hub:read': 'on' })
  const code = new URL(third.url)
  expect(code.origin).toBe('http://127.0.0.1:43123')
  expect(code.searchParams.has('code')).toBe(true)
  expect(grants()).toBe(before + 1)
})

test('with only the identity left on, the app gets that and is not sent round again', async () => {
  const authorized = await authorize(
    app,
    ada.visitor,
    { resource: `${hub.url}/api`, scope: 'hub:read openid' },
    { 'scope.hub:read': null },
  )
  expect(authorized.callback.origin).toBe('http://127.0.0.1:43123')
  expect(authorized.callback.pathname).toBe('/callback')
})

test('a request of scopes that the resource does not have ends without a page that cannot be answered', async () => {
  const before = grants()
  const page = await pageOf({ resource: `${hub.url}/api`, scope: 'mcp' })
  if (page.url.startsWith(hub.url)) {
    expect(page.text).toContain('asks for nothing you can allow')
    expect(page.text).not.toContain('value="allow"')
    const after = await ada.visitor.submit(page, { decision: 'deny' })
    expect(new URL(after.url).searchParams.get('error')).toBe('access_denied')
  } else expect(new URL(page.url).searchParams.get('error')).toBe('invalid_scope')
  expect(grants()).toBe(before)
})

test('RAR (RFC 9396 §11.2): rules and limits are told in words, beside what was sent', async () => {
  const detail = {
    type: 'parley_capability',
    capabilities: [
      { capability: 'tool:web/fetch', where: [{ pointer: '/url', prefix: 'https://good.example/' }] },
    ],
    limits: { calls: 5, callsPerMinute: 1 },
    expires_in: 7200,
  }
  const { text } = await pageOf({ authorization_details: JSON.stringify([detail]) })
  expect(text).toContain('tool:web/fetch, only where url begins with “https://good.example/”')
  expect(text).toContain('5 calls in all')
  expect(text).toContain('1 call a minute')
  expect(text).toContain('For 2 hours')
  expect(text).toContain('&quot;prefix&quot;: &quot;https://good.example/&quot;')
})

test('G3: a beginning of a URL that stops in its host is refused before anybody is asked', async () => {
  const detail = {
    type: 'parley_capability',
    capabilities: [
      { capability: 'tool:web/fetch', where: [{ pointer: '/url', prefix: 'https://good.example' }] },
    ],
  }
  const { url } = await pageOf({ authorization_details: JSON.stringify([detail]) })
  expect(new URL(url).searchParams.get('error')).toBe('invalid_authorization_details')
})

test('T7: five hundred tools are one page of three switches that comes at once, and become the grant', async () => {
  const tools = Array.from({ length: 500 }, (_, index) => ({
    name: `tool_${index}`,
    title: `Tool number ${index}`,
    description: 'What it does, in some words. '.repeat(20),
    inputSchema: { type: 'object' },
    annotations: index % 2 === 0 ? { readOnlyHint: true } : { destructiveHint: false },
  }))
  await using server = await startScriptedUpstream(tools)
  await using own = await startTestHub()
  await own.api('POST', '/api/servers', { name: 'many', url: server.url })
  await until(async () => (await own.api('GET', '/api/servers/many')).body.counts?.tools === 500)
  const person = await signUpAdministrator(own)
  const cli = await openApp(own.url)
  const { url } = await ask(cli)
  await person.visitor.open(url.href)
  const started = performance.now()
  const { text } = await person.visitor.open((await ask(cli)).url.href)
  expect(performance.now() - started).toBeLessThan(1000)
  expect(text.length).toBeLessThan(500_000)
  expect(Object.keys(readForm(text)).filter((name) => name.startsWith('group.'))).toEqual([
    'group.many.read',
    'group.many.change',
  ])
  const { gid } = decodeJwt((await redeem(cli, await authorize(cli, person.visitor))).access_token)
  expect(own.hub.grants.find(gid as never)!.terms.capabilities).toHaveLength(500)
  const account = await person.visitor.open('/account/apps')
  expect(account.text).toContain('read 250')
  expect(account.text).toContain('change 250')
})
