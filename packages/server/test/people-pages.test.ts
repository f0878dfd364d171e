import { expect, test } from 'vitest'
import { PageClient } from './page-client.ts'
import { BY, startPeople } from './start-people.ts'
import { startTestHub } from './start-test-hub.ts'

test('C3, A15: every page carries its policy, is never kept, framed or guessed, and tells no referrer', async () => {
  await using hub = await startTestHub()
  const client = new PageClient(hub.url)
  const setup = new URL(hub.hub.setupLink!).pathname
  for (const path of ['/login', setup, '/login/nothing', '/account', '/setup/none']) {
    const { headers, html } = await client.get(path)
    const policy = headers.get('content-security-policy')!
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'self'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(rule)
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('permissions-policy')).toContain('camera=()')
    expect(headers.has('strict-transport-security')).toBe(false)
    expect(html).not.toMatch(/<script(?![^>]* src="\/assets\/)|<style| style=| on\w+=|https?:\/\//i)
  }
})

test('C1, C3: over https the cookies are __Host- and Secure, and the browser is told to stay', async () => {
  await using house = await startPeople({ publicOrigin: 'https://hub.example' })
  const response = await fetch(`${house.origin}/login`)
  expect(response.headers.getSetCookie()[0]).toMatch(
    /^__Host-parley-visitor=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  )
  expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000')
})

test.each([
  ['a form without its token', { form: '' }, {}],
  ['a token of another browser', { form: 'A'.repeat(43) }, {}],
  ['another origin', {}, { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['an opaque origin', {}, { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['a sibling of our site', {}, { origin: 'null', 'sec-fetch-site': 'same-site' }],
  ['our origin that the browser contradicts', {}, { 'sec-fetch-site': 'cross-site' }],
])('C2: %s changes nothing', async (_name, fields, headers) => {
  await using hub = await startTestHub()
  const client = new PageClient(hub.url)
  const path = new URL(hub.hub.setupLink!).pathname
  await client.get(path)
  const all = { email: 'ada@example.com', name: 'Ada', password: 'seven quiet herons' }
  const reply = await client.post(path, { ...all, ...fields }, headers)
  expect(reply.status).toBe(403)
  expect(hub.hub.people.management.list()).toEqual([])
  expect((await client.post(path, all)).status).toBe(303)
})

test('C2: bodies of another type, repeated fields, broken UTF-8 and more than 64 KB are refused', async () => {
  await using house = await startPeople()
  await house.setUp()
  const client = house.client()
  await client.get('/login')
  const send = async (body: string | Buffer, type = 'application/x-www-form-urlencoded') => {
    const headers = {
      'content-type': type,
      origin: 'null',
      'sec-fetch-site': 'same-origin',
      cookie: client.cookieHeader,
    }
    return (await fetch(`${house.origin}/login`, { method: 'POST', body, headers })).status
  }
  expect(await send('{"email":"a"}', 'application/json')).toBe(415)
  expect(await send('email=a', 'text/plain')).toBe(415)
  expect(await send('form=a&form=b')).toBe(400)
  expect(await send('form=a&email=%ff')).toBe(400)
  expect(await send('form=a&email=%00')).toBe(400)
  expect(await send(Buffer.from('form=a&email=é', 'latin1'))).toBe(400)
  expect(await send(`form=${'a'.repeat(70_000)}`)).toBe(413)
  expect(await send('form=a')).toBe(403)
  expect(house.errors).toEqual([])
})

test('C4: a name of markup stands on the page as text', async () => {
  await using house = await startPeople()
  const name = `<img src=x onerror=alert(1)>"'&`
  const { url } = await house.people.management.invite(
    { email: `o'hara+b@example.com`, roles: ['member'], groups: [] },
    BY,
  )
  const client = house.client()
  const path = new URL(url).pathname
  await client.get(path)
  const again = await client.post(path, { name, password: '' })
  expect(again.html).toContain('value="&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"')
  expect(again.html).not.toContain('<img src=x')
  await client.post(path, { name, password: 'seven quiet herons' })
  expect(house.people.management.findByEmail("o'hara+b@example.com")!.name).toBe(name)
})

test('a name with controls or marks that turn the reading direction is not taken', async () => {
  await using house = await startPeople()
  const { url } = await house.people.management.invite(
    { email: 'a@example.com', roles: ['member'], groups: [] },
    BY,
  )
  const client = house.client()
  const path = new URL(url).pathname
  await client.get(path)
  for (const name of ['', '  ', 'A\u202eB', 'A\nB', 'A\u200bB', 'x'.repeat(101)])
    expect((await client.post(path, { name, password: 'seven quiet herons' })).status).toBe(400)
  expect(house.people.management.list()).toEqual([])
})

test('who comes by the number of the loopback interface goes on under its name, where passkeys work', async () => {
  await using hub = await startTestHub()
  const { port } = new URL(hub.url)
  const response = await fetch(`http://127.0.0.1:${port}/login?acr=x`, { redirect: 'manual' })
  expect([response.status, response.headers.get('location')]).toEqual([303, `${hub.url}/login?acr=x`])
})

test('assets are served as they are and nothing beside them', async () => {
  await using hub = await startTestHub()
  const css = await fetch(`${hub.url}/assets/page.css`)
  expect(css.headers.get('content-type')).toBe('text/css; charset=utf-8')
  const again = await fetch(`${hub.url}/assets/page.css`, {
    headers: { 'if-none-match': css.headers.get('etag')! },
  })
  expect(again.status).toBe(304)
  for (const path of ['/assets/', '/assets/page.css/', '/assets/nothing.js', '/assets/__proto__'])
    expect((await fetch(hub.url + path)).status).toBe(404)
})

test('a page that is not there, and a form asked for by link, say so', async () => {
  await using house = await startPeople()
  expect((await house.client().get('/login/nothing')).status).toBe(404)
  const { status, headers } = await house.client().get('/logout')
  expect([status, headers.get('allow')]).toEqual([405, 'POST'])
})
