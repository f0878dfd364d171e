import { expect, test } from 'vitest'
import { agreeToGo, beginToConnect, connect, startConnectedHubs } from './connected-hubs.ts'
import { decide } from './page-visitor.ts'
import { signUp } from './sign-in.ts'

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
