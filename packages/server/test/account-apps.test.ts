import type { GrantId, PersonId } from '@parley/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BY, startGrantingHub, type GrantingHub } from './granting-hub.ts'
import { getTokens, openApp } from './oauth-app.ts'
import { sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { signUp, signUpAdministrator, type SignedIn } from './sign-in.ts'

let hub: GrantingHub
let ada: SignedIn
beforeAll(async () => {
  hub = await startGrantingHub()
  ada = await signUpAdministrator(hub)
})
afterAll(() => hub[Symbol.asyncDispose]())

const look = modernRequest('tools/call', { name: 'look', arguments: {} })
const active = (person: PersonId) => hub.hub.grants.list({ person }).map(({ id }) => id)

async function passOn(parent: GrantId, person: PersonId, agent: string) {
  const made = await hub.hub.clients.agents.create(
    { name: agent, owner: null, proof: { kind: 'secret' } },
    BY,
  )
  const { terms } = hub.hub.grants.find(parent)!
  return hub.hub.grants.create(
    { kind: 'delegation', holder: { kind: 'agent', id: made.agent.id }, person, parent, terms },
    BY,
  )
}

/** Presses “End it” for one grant, as the page has it or with changes. */
async function end(who: SignedIn, grant: string, changes: Record<string, string | null> = {}) {
  const page = await who.visitor.open('/account/apps')
  return who.visitor.submit({ ...page, url: `${hub.url}/account/apps/end` }, { grant, ...changes })
}

test('the account says what acts for a person: app, who vouches, what, until when, and agents beneath', async () => {
  const { visitor, person } = await signUp(hub, 'lin@example.com')
  expect((await visitor.open('/account')).text).toContain('No app or agent may use this hub in your name')
  expect((await visitor.open('/account/apps')).text).toContain('Nothing acts for you')
  const expiresAt = Date.UTC(2040, 0, 2, 3, 4)
  const grant = await hub.grant(['tool:one/look', 'tool:one/change'], {
    person,
    expiresAt,
    limits: { callsPerMinute: 5 },
  })
  const child = await passOn(grant, person, 'night-agent')
  await passOn(child.id, person, 'helper-agent')
  const account = await visitor.open('/account')
  expect(account.text).toContain('One app or agent may use this hub in your name')
  expect(account.text).toContain('href="/account/apps"')
  const { text } = await visitor.open('/account/apps')
  expect(text).toContain('Parley command line')
  expect(text).toContain('An administrator of this hub entered it')
  expect(text).toMatch(/<strong>one<\/strong>\s*<span class="effect destroy">destructive 2<\/span>/)
  expect(text).toContain('<li>5 calls a minute</li>')
  expect(text).toContain('<li>tool:one/look</li>')
  expect(text).toContain('until 2040-01-02 03:04 UTC')
  expect(text.indexOf('night-agent')).toBeGreaterThan(text.indexOf('Parley command line'))
  expect(text.indexOf('helper-agent')).toBeGreaterThan(text.indexOf('night-agent'))
  expect(text.match(/>End it</g)).toHaveLength(1)
})

test('a real consent stands there, with what else it brought and its last renewal', async () => {
  const { visitor } = await signUp(hub, 'tor@example.com')
  await getTokens(await openApp(hub.url), visitor, { resource: `${hub.url}/api`, scope: 'hub:read openid' })
  const { text } = await visitor.open('/account/apps')
  expect(text).toContain('See what your role may see')
  expect(text).not.toContain('Change what your role may change')
  expect(text).toMatch(/last renewed \d{4}-/)
})

test('G7: ending it ends the app and every agent beneath at once, and says so; once more changes nothing', async () => {
  const { visitor, person } = await signUp(hub, 'ivy@example.com')
  const grant = await hub.grant(['tool:one/look'], { person })
  const other = await hub.grant(['tool:one/look'], { person })
  const child = await passOn(grant, person, 'ivys-agent')
  const caller = hub.as(hub.token(grant))
  expect((await sendRaw(caller, look)).status).toBe(200)
  const calls = hub.upstream.calls.length
  const page = await end({ visitor, person }, grant)
  expect(page.url).toBe(`${hub.url}/account/apps?ended=${grant}`)
  expect(page.text).toContain('<strong>Parley command line</strong> can no longer act for you')
  expect(page.text).not.toContain('ivys-agent')
  expect(active(person)).toEqual([other])
  expect(hub.hub.grants.find(child.id)!.state).toBe('revoked')
  expect((await sendRaw(caller, look)).status).toBe(401)
  expect(hub.upstream.calls).toHaveLength(calls)
  const again = await end({ visitor, person }, grant)
  expect(again.status).toBe(200)
  expect(active(person)).toEqual([other])
  const { body } = await hub.api('GET', '/api/activity')
  const records = body.records.filter((one: any) => one.grant === grant && one.action === 'grant.revoke')
  expect(records.map((one: any) => one.subject)).toEqual([person])
  expect(body.names[person]).toBe('ivy@example.com')
  expect(body.names[grant]).toBe('Parley command line for ivy@example.com')
})

test("G5: another person's grant, an invented one and no id at all are the same: not found, and nothing ends", async () => {
  const eve = await signUp(hub, 'eve@example.com')
  const foreign = await hub.grant(['tool:one/look'], { person: ada.person })
  const everyone = hub.hub.grants.list({}).find(({ kind }) => kind === 'entitlement')!
  const before = hub.hub.grants.list({}).length
  await eve.visitor.open('/account/apps')
  await hub.grant(['tool:one/look'], { person: eve.person })
  const answers = []
  for (const id of [foreign, 'gra_01JAAAAAAAAAAAAAAAAAAAAAAA', everyone.id, '../x', ''])
    answers.push(await end(eve, id))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]))
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(hub.hub.grants.list({}).length).toBe(before + 1)
  const peek = await eve.visitor.open(`/account/apps?ended=${foreign}&after=${foreign}`)
  expect(peek.text).not.toContain('can no longer act')
  await hub.hub.grants.revoke(foreign, BY)
  expect((await eve.visitor.open(`/account/apps?ended=${foreign}`)).text).not.toContain('can no longer act')
})

test('C2: without the form of the page, from elsewhere or without a session nothing ends', async () => {
  const grant = await hub.grant(['tool:one/look'], { person: ada.person })
  expect((await end(ada, grant, { form: 'x' })).status).toBe(403)
  expect((await end(ada, grant, { form: null })).status).toBe(403)
  const stranger = await fetch(`${hub.url}/account/apps/end`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ grant }),
  })
  expect(stranger.headers.get('location')).toContain('/login')
  expect((await ada.visitor.open('/account/apps/end')).status).toBe(405)
  expect(active(ada.person)).toContain(grant)
  const signedOut = await fetch(`${hub.url}/account/apps`, { redirect: 'manual' })
  expect(signedOut.headers.get('location')).toContain('/login')
})

test('C4: names and rules are text, whatever an app, an agent or a rule is called', async () => {
  const { visitor, person } = await signUp(hub, 'sam@example.com')
  const response = await fetch(`${hub.url}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: '<script>alert(1)</script>"\'',
      redirect_uris: ['https://evil.example/cb'],
    }),
  })
  const { client_id } = (await response.json()) as { client_id: string }
  const app = hub.hub.clients.findApp(client_id)!
  await hub.hub.grants.create(
    {
      kind: 'consent',
      holder: { kind: 'app', id: app.id },
      person,
      parent: null,
      terms: {
        audiences: { [`${hub.url}/mcp`]: ['mcp'] },
        capabilities: [{ capability: 'tool:one/<img src=x>' }],
        limits: {},
        expiresAt: null,
      },
    },
    BY,
  )
  const { text, headers } = await visitor.open('/account/apps')
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(text).toContain('unverified')
  expect(text).toContain('Nothing that is there now')
  expect(text).not.toContain('<script>')
  expect(text).not.toContain('<img src=x>')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('cache-control')).toContain('no-store')
})

test('more than fifty are paged, each on one page and none twice', async () => {
  const { visitor, person } = await signUp(hub, 'max@example.com')
  const made: string[] = []
  for (let count = 0; count < 120; count++) made.push(await hub.grant(['tool:one/look'], { person }))
  const seen: string[] = []
  let next: string | undefined = '/account/apps'
  let pages = 0
  while (next !== undefined) {
    const { text } = await visitor.open(next)
    seen.push(...[...text.matchAll(/name="grant" value="([^"]+)"/g)].map((match) => match[1]!))
    next = /href="(\/account\/apps\?after=[^"]+)"/.exec(text)?.[1]
    pages += 1
  }
  expect(pages).toBe(3)
  expect(seen.toSorted()).toEqual(made.toSorted())
})

test('hundreds of agents beneath one grant are a few and a page of their own, where each can be ended', async () => {
  const { visitor, person } = await signUp(hub, 'noa@example.com')
  const grant = await hub.grant(['tool:one/look'], { person })
  const made: GrantId[] = []
  const first = await passOn(grant, person, 'swarm')
  made.push(first.id)
  while (made.length < 70) {
    const { kind, holder, parent, terms } = first
    made.push((await hub.hub.grants.create({ kind, holder, person, parent, terms }, BY)).id)
  }
  const { text } = await visitor.open('/account/apps')
  expect(text.match(/<li>\s*<p class="strong">swarm/g)).toHaveLength(10)
  expect(text).toContain('All 70 agents')
  const seen: string[] = []
  let next: string | undefined = `/account/apps?in=${grant}`
  while (next !== undefined) {
    const page = await visitor.open(next)
    seen.push(...[...page.text.matchAll(/name="grant" value="([^"]+)"/g)].map((match) => match[1]!))
    next = /href="(\/account\/apps\?in=[^"]+after=[^"]+)"/.exec(page.text)?.[1]?.replace('&amp;', '&')
  }
  expect(seen.toSorted()).toEqual(made.toSorted())
  await end({ visitor, person }, made[3]!)
  expect(hub.hub.grants.find(made[3]!)!.state).toBe('revoked')
  expect(active(person)).toHaveLength(70)
  const stranger = await ada.visitor.open(`/account/apps?in=${grant}`)
  expect(stranger.text).not.toContain('swarm')
})

test('G7: removing a person ends what acted in their name, and nothing of it is listed any more', async () => {
  const leo = await signUp(hub, 'leo@example.com')
  const grant = await hub.grant(['tool:one/look'], { person: leo.person })
  const child = await passOn(grant, leo.person, 'leos-agent')
  const caller = hub.as(hub.token(grant))
  expect((await sendRaw(caller, look)).status).toBe(200)
  const others = active(ada.person)
  expect((await hub.api('DELETE', `/api/people/${leo.person}`)).status).toBe(200)
  const { body } = await hub.api('GET', `/api/grants?person=${leo.person}`)
  expect(body.grants).toEqual([])
  for (const id of [grant, child.id]) expect(hub.hub.grants.find(id)!.state).toBe('revoked')
  expect((await sendRaw(caller, look)).status).toBe(401)
  expect((await leo.visitor.open('/account/apps')).url).toContain('/login')
  expect(active(ada.person)).toEqual(others)
})
