import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GrantId } from '@parley/contract'
import { ask, authorize, getTokens, openApp, postForm, redeem, type TestApp } from './oauth-app.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { signUpAdministrator, type SignedIn } from './sign-in.ts'
import { claimsOf } from './start-exchange-hub.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const READING = { annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } }
const STATIC = ['known', 'https://app.example/cb'] as const

const NOTES = 'https://notes.example/mcp'

let hub: TestHub
let app: TestApp
let ada: SignedIn
let large: ScriptedUpstream
let small: ScriptedUpstream

beforeAll(async () => {
  large = await startScriptedUpstream([
    ...Array.from({ length: 999 }, (_, index) => ({ name: `read${index}`, ...READING })),
    { name: 'break', inputSchema: { type: 'object' } },
  ])
  small = await startScriptedUpstream([
    { name: 'look', ...READING },
    { name: 'see', ...READING },
    { name: 'wipe', inputSchema: { type: 'object' } },
  ])
  hub = await startTestHub(
    JSON.stringify({
      servers: { large: { url: large.url }, small: { url: small.url } },
      resources: { notes: { url: NOTES, scopes: { 'notes:read': 'Read notes' } } },
      apps: { [STATIC[0]]: { name: 'Known', redirectUris: [STATIC[1]] } },
    }),
  )
  ada = await signUpAdministrator(hub)
  const toolsOf = async (name: string) => (await hub.api('GET', `/api/servers/${name}`)).body.counts?.tools
  await until(async () => (await toolsOf('large')) === 1000 && (await toolsOf('small')) === 3)
  app = await openApp(hub.url)
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await large[Symbol.asyncDispose]()
  await small[Symbol.asyncDispose]()
})

const grantOf = (token: string) => hub.hub.grants.find(claimsOf(token).gid as GrantId)!
const grantCount = () => hub.hub.grants.list({ person: ada.person }).length

test('A9, T7: more than a grant can name is never rounded up: what was left off is not granted', async () => {
  const before = grantCount()
  const asked = await authorize(app, ada.visitor)
  expect(asked.callback.pathname).toContain('/interaction/')
  expect(grantCount()).toBe(before)
  const whole = await authorize(app, ada.visitor, {}, { 'group.large.destroy': 'on' })
  const { access_token } = await redeem(app, whole)
  const { id, terms } = grantOf(access_token)
  expect(terms.capabilities.map(({ capability }) => capability)).toEqual([
    'tool:large/*',
    'tool:small/look',
    'tool:small/see',
  ])
  expect(hub.hub.grants.covers(id, 'tool:large/break').kind).toBe('covered')
  expect(hub.hub.grants.covers(id, 'tool:small/wipe').kind).toBe('not-covered')
})

const detail = (capability: string, limits?: object) => ({
  type: 'parley_capability',
  capabilities: [{ capability }],
  ...(limits && { limits }),
})
const askIn = (...details: object[]) => ({ authorization_details: JSON.stringify(details) })

test('RAR, RFC 9396 §11.2: limits that the page would show and the grant could not keep are refused', async () => {
  const before = grantCount()
  const asked = await authorize(
    app,
    ada.visitor,
    askIn(detail('tool:small/look', { calls: 1 }), detail('tool:small/wipe')),
  )
  expect(asked.callback.searchParams.get('error')).toBe('invalid_authorization_details')
  expect(grantCount()).toBe(before)
  const alone = await getTokens(app, ada.visitor, askIn(detail('tool:small/look', { calls: 1 })))
  expect(grantOf(alone.access_token).terms.limits).toEqual({ calls: 1 })
})

test('RAR, A13: no token outlives its grant, at a server elsewhere too; its scopes stand beside the details', async () => {
  const brief = { ...detail('tool:small/look'), expires_in: 60 }
  const asked = { ...askIn(brief), resource: NOTES, scope: 'notes:read' }
  const { text } = await ada.visitor.open((await ask(app, asked)).url.href)
  expect(text).toContain('name="scope.notes:read"')
  for (const changes of [asked, askIn(brief)]) {
    const { access_token, expires_in, refresh_token } = await getTokens(app, ada.visitor, changes)
    const { iat, exp } = claimsOf(access_token)
    expect(exp * 1000).toBeLessThanOrEqual(grantOf(access_token).terms.expiresAt!)
    expect(exp - iat).toBe(expires_in)
    const refreshed = await postForm(app.as.token_endpoint!, {
      grant_type: 'refresh_token',
      client_id: app.client.client_id,
      refresh_token: refresh_token!,
    })
    expect(claimsOf(refreshed.body.access_token).exp * 1000).toBeLessThanOrEqual(
      grantOf(access_token).terms.expiresAt!,
    )
  }
})

test('A9: no answer is a page of another maker with a script of its own', async () => {
  const { url } = await ask(app, { response_mode: 'form_post' })
  const response = await fetch(url, { redirect: 'manual' })
  expect(new URL(response.headers.get('location')!).searchParams.get('error')).toBe(
    'unsupported_response_mode',
  )
  expect(await response.text()).not.toContain('<script')
  expect(JSON.stringify(app.as)).not.toContain('form_post')
})

const STRONG = { acr_values: 'urn:parley:passkey' }
const interactionOf = (url: string) => new URL(url).searchParams.get('return_to')!

test('C6, RFC 9470: who has not shown what the app asks for gets no page to allow it on, by any request', async () => {
  const before = grantCount()
  const login = await ada.visitor.open((await ask(app, STRONG)).url.href)
  expect(login.url).toContain('/login?')
  const form = /name="form" value="([^"]+)"/.exec((await ada.visitor.open('/account')).text)![1]!
  const forged = {
    ...login,
    url: hub.url + interactionOf(login.url),
    text: `<input name="form" value="${form}">`,
  }
  const answer = await ada.visitor.submit(forged, { decision: 'allow' })
  expect(answer.url).toContain('/login?')
  expect(answer.text).not.toContain('name="ticket"')
  expect(grantCount()).toBe(before)
})

test('C6, A10: an earlier consent goes on by itself only for who has shown what the app asks for, HEAD included', async () => {
  const known = await openApp(hub.url, { clientId: STATIC[0], redirectUri: STATIC[1] })
  await authorize(known, ada.visitor, {}, { 'group.large.read': null })
  const again = await ada.visitor.open((await ask(known)).url.href)
  expect(again.url).toContain('https://app.example/cb?code=')
  const login = await ada.visitor.open((await ask(known, STRONG)).url.href)
  const path = interactionOf(login.url)
  const head = await ada.visitor.head(path)
  expect(head.status).toBe(303)
  const resumed = await ada.visitor.open(path.replace('/interaction/', '/oauth/authorize/'))
  expect(resumed.url).not.toContain('code=')
})
