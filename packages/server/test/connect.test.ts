import { expect, test } from 'vitest'
import { agreeToGo, beginToConnect, connect, startConnectedHubs } from './connected-hubs.ts'
import { decide } from './page-visitor.ts'
import { signInAgain, signUp } from './sign-in.ts'

test('PX1, PX2: a person reads who, what and where before anything goes to the other side', async () => {
  await using hubs = await startConnectedHubs()
  const { ada, hub, upstream } = hubs
  const page = await beginToConnect(ada.visitor)
  expect(page.status).toBe(200)
  expect(page.text).toContain(`${upstream.url}/mcp/servers/one`)
  expect(page.text).toContain(`<code>${upstream.url}</code>`)
  expect(page.text).toContain('<code>mcp offline_access</code>')
  expect(page.text).toContain(`${hub.url}/connect/callback`)
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  const apps = (await upstream.api('GET', '/api/apps')).body.apps as { clientId: string }[]
  expect(apps.filter(({ clientId }) => clientId !== 'parley-cli')).toEqual([])
})

test('CL3, CL4, CL7, PX5: a person connects, and the hub keeps the tokens', async () => {
  await using hubs = await startConnectedHubs()
  const { ada, bea, hub, upstream } = hubs
  const away = await agreeToGo(ada.visitor, await beginToConnect(ada.visitor))
  expect(away.origin).toBe(upstream.url)
  expect(Object.fromEntries(away.searchParams)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    resource: `${upstream.url}/mcp/servers/one`,
    redirect_uri: `${hub.url}/connect/callback`,
    state: expect.stringMatching(/^[\w-]{43}$/),
  })
  const callback = await decide(bea.visitor, await bea.visitor.open(away.href))
  expect(callback.href.startsWith(`${hub.url}/connect/callback?`)).toBe(true)
  const done = await ada.visitor.open(callback.href)
  expect(done.text).toContain('<h1>Connected</h1>')
  expect((await ada.visitor.open('/account')).text).toContain('href="/account/connections"')
  const account = await ada.visitor.open('/account/connections')
  expect(account.text).toMatch(/For you <span class="badge">connected/)
  const again = await ada.visitor.open(callback.href)
  expect(again.status).toBe(404)
})

test('PX6: nobody else can come back with the answer, or open the way', async () => {
  await using hubs = await startConnectedHubs()
  const { ada, bea, hub } = hubs
  const mallory = await signUp(hub, 'mallory@example.com', ['admin'])
  const page = await beginToConnect(ada.visitor)
  expect((await mallory.visitor.open(page.url)).status).toBe(404)
  const away = await agreeToGo(ada.visitor, page)
  const callback = await decide(bea.visitor, await bea.visitor.open(away.href))
  expect((await mallory.visitor.open(callback.href)).status).toBe(404)
  const accounts = await Promise.all(
    [ada, mallory].map(({ visitor }) => visitor.open('/account/connections')),
  )
  for (const { text } of accounts) expect(text).not.toContain('badge">connected')
  // What the wrong person tried has spent nothing.
  expect((await ada.visitor.open(callback.href)).text).toContain('<h1>Connected</h1>')
})

test('CL6: an answer of another issuer changes nothing and shows nothing of itself', async () => {
  await using hubs = await startConnectedHubs()
  const { ada, bea } = hubs
  const away = await agreeToGo(ada.visitor, await beginToConnect(ada.visitor))
  const callback = await decide(bea.visitor, await bea.visitor.open(away.href))
  callback.searchParams.set('iss', 'https://evil.example')
  callback.searchParams.set('error_description', 'call this number')
  const page = await ada.visitor.open(callback.href)
  expect(page.status).toBe(409)
  expect(page.text).not.toMatch(/evil|number/)
  expect((await ada.visitor.open('/account/connections')).text).not.toContain('badge">connected')
})

test('CL9: an administrator connects for everyone, a member cannot', async () => {
  await using hubs = await startConnectedHubs()
  const { hub } = hubs
  expect((await connect(hubs, 'everyone')).text).toContain('<h1>Connected</h1>')
  const member = await signUp(hub, 'mem@example.com')
  const page = await member.visitor.open('/account/connections')
  const form = { ...page, text: '<form action="/account/connections/connect">' + page.text }
  const refused = await member.visitor.submit(form, { server: 'other', for: 'everyone' })
  expect(refused.status).toBeGreaterThanOrEqual(400)
})

test('PX3, A11: nothing of a way is in a cookie, and another browser of the same person cannot end it', async () => {
  await using hubs = await startConnectedHubs()
  const { ada, bea, hub } = hubs
  const page = await beginToConnect(ada.visitor)
  expect(page.headers.getSetCookie()).toEqual([])
  const away = await agreeToGo(ada.visitor, page)
  const callback = await decide(bea.visitor, await bea.visitor.open(away.href))
  const elsewhere = await signInAgain(hub, ada)
  expect((await elsewhere.open(callback.href)).status).toBe(404)
  expect((await elsewhere.open('/account/connections')).text).not.toContain('badge">connected')
})

test('PX4, PX5: a way that nobody began, or that was declined, leads nowhere', async () => {
  await using hubs = await startConnectedHubs()
  const { ada, hub } = hubs
  for (const query of ['', '?code=x', '?code=x&state=', `?code=x&state=${'A'.repeat(43)}`])
    expect((await ada.visitor.open(`${hub.url}/connect/callback${query}`)).status).toBe(404)
  const page = await beginToConnect(ada.visitor)
  await ada.visitor.submit(page, { choice: 'deny' })
  const late = await ada.visitor.submit(page, { choice: 'allow' })
  expect(new URL(late.url).origin).toBe(hub.url)
  const { apps } = (await hubs.upstream.api('GET', '/api/apps')).body
  expect(apps.map(({ clientId }: { clientId: string }) => clientId)).toEqual(['parley-cli'])
})

test('CL13: the hub publishes its own document only for itself', async () => {
  await using hubs = await startConnectedHubs()
  const response = await fetch(`${hubs.hub.url}/connect/client.json`)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(await response.json()).toMatchObject({
    client_id: `${hubs.hub.url}/connect/client.json`,
    redirect_uris: [`${hubs.hub.url}/connect/callback`],
  })
})
