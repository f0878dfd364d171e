import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import * as oauth from 'oauth4webapi'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, authorize, getTokens, insecure, openApp, postForm, redeem, type TestApp } from './oauth-app.ts'
import { PageVisitor, decide, readForm } from './page-visitor.ts'
import { startOfferingServer } from './offering-server.ts'
import { signUp, signUpAdministrator, type SignedIn } from './sign-in.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const YAML = `
apps:
  web-app:
    name: "Wiki \\u202Ereader <img src=x onerror=alert(1)>"
    redirectUris: [https://app.example/cb]
`
let hub: TestHub
let app: TestApp
let ada: SignedIn
let visitor: PageVisitor

beforeAll(async () => {
  hub = await startTestHub(YAML)
  ada = await signUpAdministrator(hub)
  visitor = ada.visitor
  app = await openApp(hub.url)
})
afterAll(() => hub[Symbol.asyncDispose]())

const pageOf = async (changes: Record<string, string | null> = {}, about = app) =>
  visitor.open((await ask(about, changes)).url.href)
const grantsOfAda = () => hub.hub.grants.list({ person: ada.person })
const activity = async () => (await hub.api('GET', '/api/activity')).body.records as any[]

test('A9, AS6, PX2: the page names app, redirect host and resource, and warns where an answer stays on the computer', async () => {
  const { text, headers } = await pageOf()
  expect(text).toContain('Parley command line')
  expect(text).toContain('127.0.0.1:43123')
  expect(text).toContain('a program on this computer')
  expect(text).toContain(`${hub.url}/mcp`)
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('content-security-policy')).toContain("form-action 'self'")
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('cache-control')).toContain('no-store')
})

test('A9: an app that registered itself as Claude is unverified, and the page names the host it answers to', async () => {
  const response = await fetch(`${hub.url}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Claude', redirect_uris: ['https://evil.example/cb'] }),
  })
  const { client_id } = (await response.json()) as { client_id: string }
  const { text } = await pageOf({ client_id, redirect_uri: 'https://evil.example/cb' })
  expect(text).toContain('Claude')
  expect(text).toContain('unverified')
  expect(text).toContain('evil.example')
})

test('A9: a name is text, and loses what turns it around', async () => {
  const { text } = await pageOf({ client_id: 'web-app', redirect_uri: 'https://app.example/cb' })
  expect(text).not.toContain('<img src=x')
  expect(text).not.toContain('\u202E')
  expect(text).toContain('app.example')
})

test('A6: no is told to the app with its state and the issuer, and nothing is granted', async () => {
  const before = grantsOfAda().length
  const page = await pageOf()
  const after = new URL((await visitor.submit(page, { decision: 'deny' })).url)
  expect(Object.fromEntries(after.searchParams)).toEqual({
    error: 'access_denied',
    error_description: 'The person said no.',
    state: 'state-of-the-app',
    iss: hub.url,
  })
  expect(after.origin).toBe('http://127.0.0.1:43123')
  expect(grantsOfAda().length).toBe(before)
})

test('C5: a page that is answered sooner than anyone can read asks again', async () => {
  const page = await pageOf()
  const early = await visitor.submit(page, { decision: 'allow' })
  expect(early.text).toContain('quicker than anyone can read')
  expect(early.url).toBe(page.url)
})

test('C5: one page is one decision, also when it is sent twenty times at once', async () => {
  const before = grantsOfAda().length
  const page = await pageOf({ scope: 'mcp profile openid' })
  await wait(550)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => visitor.submit(page, { decision: 'allow' })),
  )
  expect(answers.filter(({ url }) => url.startsWith('http://127.0.0.1:43123')).length).toBe(1)
  expect(grantsOfAda().length).toBe(before + 1)
  const late = await visitor.submit(page, { decision: 'allow' })
  expect(late.status).toBe(404)
  expect(late.text).toContain('Go back to the app')
})

test('C3: a form from elsewhere, of another person, or without its token decides nothing', async () => {
  const before = grantsOfAda().length
  const page = await pageOf({ scope: 'mcp email openid' })
  await wait(550)
  for (const changes of [
    { form: 'x' },
    { form: null },
    { ticket: 'x' },
    { ticket: null },
    { ticket: '0.x' },
  ]) {
    const { url } = await visitor.submit(page, { decision: 'allow', ...changes })
    expect(url).toBe(page.url)
  }
  const grace = await signUp(hub, 'grace@example.com')
  const stolen = await grace.visitor.submit(page, { decision: 'allow' })
  expect(stolen.url).toBe(page.url)
  const opened = await grace.visitor.open(page.url)
  expect(opened.status).toBe(404)
  const fields = readForm(page.text)
  const crossSite = await fetch(page.url, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ ...fields, decision: 'allow' }),
  })
  expect(crossSite.status).toBe(403)
  expect(grantsOfAda().length).toBe(before)
})

test('who is not signed in is sent to sign in, and comes back to the same request', async () => {
  const stranger = new PageVisitor(hub.url)
  const page = await stranger.open((await ask(app)).url.href)
  expect(new URL(page.url).pathname).toBe('/login')
  expect(new URL(page.url).searchParams.get('return_to')).toMatch(/^\/interaction\//)
})

test('A9, A10: a loopback app is asked about each time and keeps one grant; another scope is another grant', async () => {
  const grace = await signUp(hub, 'joan@example.com')
  const grants = () => hub.hub.grants.list({ person: grace.person })
  for (const port of [50_001, 50_002]) {
    const again = await openApp(hub.url, { redirectUri: `http://127.0.0.1:${port}/callback` })
    const { page } = await authorize(again, grace.visitor)
    expect(page.text).toContain('name="decision"')
    expect(grants().length).toBe(1)
  }
  const wider = await authorize(app, grace.visitor, { scope: 'mcp openid' })
  expect(wider.page.text).toContain('name="decision"')
  expect(grants().length).toBe(2)
})

test('A10: an app that an administrator entered, at its own https address, is asked about once for the same thing', async () => {
  const web = await openApp(hub.url, { clientId: 'web-app', redirectUri: 'https://app.example/cb' })
  const first = await authorize(web, visitor)
  expect(first.page.text).toContain('name="decision"')
  const second = await authorize(web, visitor)
  expect(second.page.text).not.toContain('name="decision"')
  const claims = decodeJwt((await redeem(web, second)).access_token)
  expect(claims['gid']).toBe(decodeJwt((await redeem(web, first)).access_token)['gid'])
  for (const changes of [{ scope: 'mcp openid' }, { resource: `${hub.url}/api` }, { prompt: 'consent' }])
    expect((await pageOf(changes, web)).text).toContain('name="decision"')
  await hub.hub.grants.revoke(claims['gid'] as never, 'test')
  expect((await pageOf({}, web)).text).toContain('name="decision"')
})

test('prompt=none never shows a page, and says that a person is needed', async () => {
  const answer = await pageOf({ prompt: 'none' })
  const parameters = new URL(answer.url).searchParams
  expect(parameters.get('error')).toBe('interaction_required')
  expect(parameters.get('iss')).toBe(hub.url)
})

test('RFC 9470: acr_values and max_age ask for a stronger or later sign-in, with and without OpenID Connect', async () => {
  for (const scope of ['mcp', 'mcp openid']) {
    const { url } = await pageOf({ scope, acr_values: 'urn:parley:passkey' })
    expect(new URL(url).pathname).toBe('/login')
    expect(new URL(url).searchParams.get('acr')).toBe('urn:parley:passkey')
    const enough = await pageOf({ scope, acr_values: 'urn:parley:passkey urn:parley:2fa', max_age: '3600' })
    expect(enough.text).toContain('name="decision"')
  }
})

test('how long: the grant ends when the person said, and the refresh token with it', async () => {
  const { callback, verifier } = await authorize(app, visitor, {}, { seconds: '3600' })
  const tokens = await redeem(app, { callback, verifier })
  const grant = hub.hub.grants.find(decodeJwt(tokens.access_token)['gid'] as never)!
  expect(Math.abs(grant.terms.expiresAt! - Date.now() - 3_600_000)).toBeLessThan(60_000)
  const { body } = await postForm(`${hub.url}/oauth/introspect`, {
    client_id: 'parley-cli',
    token: tokens.refresh_token!,
  })
  expect(Math.abs(body.exp - Date.now() / 1000 - 3600)).toBeLessThan(60)
})

test('PAR: a pushed request is used once, with everything that may be left out', async () => {
  const { url, verifier } = await ask(app)
  const push = () =>
    oauth
      .pushedAuthorizationRequest(app.as, app.client, oauth.None(), url.searchParams, insecure)
      .then((response) => oauth.processPushedAuthorizationResponse(app.as, app.client, response))
  const { request_uri } = await push()
  const address = new URL(app.as.authorization_endpoint!)
  address.search = new URLSearchParams({ client_id: 'parley-cli', request_uri }).toString()
  const callback = await decide(visitor, await visitor.open(address.href))
  expect((await redeem(app, { callback, verifier })).access_token).toBeTruthy()
  const again = await visitor.open(address.href)
  expect(again.status).toBe(400)
  const foreign = new URLSearchParams({ client_id: 'web-app', request_uri: (await push()).request_uri })
  address.search = foreign.toString()
  expect((await visitor.open(address.href)).status).toBe(400)
})

test('RAR: details are shown exactly, become the grant, and stand in the answer; others are refused', async () => {
  const details = [
    {
      type: 'parley_capability',
      capabilities: [{ capability: 'tool:files/read_*', where: [{ pointer: '/path', prefix: '/tmp/' }] }],
      limits: { calls: 5 },
      expires_in: 600,
    },
  ]
  const authorization_details = JSON.stringify(details)
  const { callback, verifier, page } = await authorize(app, visitor, { authorization_details })
  expect(page.text).toContain('tool:files/read_*')
  expect(page.text).toContain('/tmp/')
  const tokens = await redeem(app, { callback, verifier })
  expect(tokens['authorization_details']).toEqual(details)
  const { terms } = hub.hub.grants.find(decodeJwt(tokens.access_token)['gid'] as never)!
  expect(terms.capabilities).toEqual(details[0]!.capabilities)
  expect(terms.limits).toEqual({ calls: 5 })
  expect(terms.expiresAt! - Date.now()).toBeLessThan(600_001)
  const elsewhere = JSON.stringify([{ ...details[0], locations: ['https://notes.example/mcp'] }])
  const more = JSON.stringify([{ ...details[0], more: 1 }])
  for (const wrong of ['[{"type":"payment"}]', '{}', '[', more, elsewhere]) {
    const { url } = await pageOf({ authorization_details: wrong })
    expect(new URL(url).searchParams.get('error')).toBe('invalid_authorization_details')
  }
})

test('RS13, S7: consent, issue and refresh are recorded, with the grant and without secrets', async () => {
  const tokens = await getTokens(app, visitor, { scope: 'mcp openid profile email' })
  const gid = decodeJwt(tokens.access_token)['gid']
  await postForm(`${hub.url}/oauth/token`, {
    grant_type: 'refresh_token',
    client_id: 'parley-cli',
    refresh_token: tokens.refresh_token!,
  })
  const about = (await activity()).filter(({ grant }) => grant === gid).map(({ action }) => action)
  expect(about.toSorted()).toEqual(['grant.create', 'token.issue', 'token.refresh'])
})

test('T7, design §7: capabilities stand per server and effect; what is switched off is not granted', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-offer-'))
  const tool = (name: string, annotations?: object) => ({
    name,
    inputSchema: { type: 'object' },
    annotations,
  })
  writeFileSync(
    join(directory, 'tools.json'),
    JSON.stringify([
      { ...tool('look', { readOnlyHint: true }), title: 'Look <b>around</b>', description: 'Looks.' },
      tool('write', { destructiveHint: false }),
      tool('wipe'),
    ]),
  )
  await using server = await startOfferingServer('2026-07-28', directory)
  await using own = await startTestHub(`servers: { mail: { url: "${server.origin}/mcp" } }`)
  await until(async () => {
    const { body } = await own.api('GET', '/api/servers')
    return body.servers[0]?.health === 'ready'
  })
  const person = await signUpAdministrator(own)
  const cli = await openApp(own.url)
  const first = await authorize(cli, person.visitor)
  expect(first.page.text).toContain('Look &lt;b&gt;around&lt;/b&gt;')
  const checked = Object.keys(readForm(first.page.text)).filter((name) => name.startsWith('group.'))
  expect(checked).toEqual(['group.mail.read', 'group.mail.change'])
  const rules = async (authorized: typeof first) => {
    const { gid } = decodeJwt((await redeem(cli, authorized)).access_token)
    return own.hub.grants.find(gid as never)!.terms.capabilities.map(({ capability }) => capability)
  }
  expect(await rules(first)).toEqual(['tool:mail/look', 'tool:mail/write'])
  const narrower = await authorize(cli, person.visitor, {}, { 'group.mail.change': null })
  expect(await rules(narrower)).toEqual(['tool:mail/look'])
  // A capability as scope asks for it alone.
  const single = await authorize(
    cli,
    person.visitor,
    { scope: 'tool:mail/wipe' },
    { 'group.mail.destroy': 'on' },
  )
  expect(single.page.text).not.toContain('tool:mail/look')
  expect(await rules(single)).toEqual(['tool:mail/wipe'])
  rmSync(directory, { recursive: true })
})
