import { expect, test } from 'vitest'
import { ask, openApp, postForm } from './oauth-app.ts'
import { PageVisitor } from './page-visitor.ts'
import { startTestHub } from './start-test-hub.ts'

const YAML = JSON.stringify({ listen: { trustedProxy: true }, limits: { waitingAuthorizations: 30 } })

test('A8: a flood of authorizations pushes out its own, never those of others, and newcomers come in', async () => {
  await using hub = await startTestHub(YAML)
  const app = await openApp(hub.url)
  const { url } = await ask(app)
  const begin = (from: string) =>
    fetch(url, { redirect: 'manual', headers: { 'x-forwarded-for': `10.9.9.9, ${from}` } })
  const push = (from: string) =>
    postForm(`${hub.url}/oauth/par`, url.search.slice(1), { 'x-forwarded-for': from })
  const isOpen = async (response: Response) => {
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
    const page = await fetch(new URL(response.headers.get('location')!, hub.url), {
      redirect: 'manual',
      headers: { cookie: cookies.join('; '), accept: 'text/html', 'sec-fetch-site': 'same-origin' },
    })
    // Whoever is not signed in is sent to do so while the request waits, and told that it is over otherwise.
    return page.status === 303
  }
  const early = await begin('198.51.100.1')
  expect(await isOpen(early)).toBe(true)
  const flood: Response[] = []
  for (let at = 0; at < 60; at++) flood.push(at % 3 === 0 ? await begin('203.0.113.1') : early)
  for (let at = 0; at < 30; at++) expect((await push('203.0.113.1')).status).toBe(201)
  const late = await begin('198.51.100.2')
  expect([late.status, await isOpen(late), await isOpen(early)]).toEqual([303, true, true])
  expect(await isOpen(flood[0]!)).toBe(false)
  expect(await new PageVisitor(hub.url).open('/login')).toMatchObject({ status: 200 })
})
