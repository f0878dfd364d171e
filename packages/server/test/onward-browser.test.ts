import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemRandom } from '../src/lib/random.ts'
import { createPageHandler, createPageKit, html } from '../src/pages/index.ts'
import { launchChromium, newVisitor } from './browser.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

/** A page with one button; after it the answer goes on to `url`. */
async function startPage(url: string): Promise<{ origin: string; server: Server; errors: unknown[] }> {
  const errors: unknown[] = []
  let origin = ''
  const kit = createPageKit({ origin: () => origin, key: systemRandom.bytes(32), random: systemRandom })
  const handle = createPageHandler(
    [
      {
        method: 'GET',
        path: '/',
        needs: 'anyone',
        answer: ({ formField }) => ({
          kind: 'page',
          title: 'Allow?',
          body: html`<form method="post" action="/">${formField}<button>Allow</button></form>`,
        }),
      },
      { method: 'POST', path: '/', needs: 'anyone', answer: () => ({ kind: 'onward', url }) },
    ],
    { kit, admit: () => undefined, onError: (error) => void errors.push(error) },
  )
  const server = createServer((request, response) => {
    if (request.url === '/assets/page.css' || request.url === '/assets/mark.svg') return void response.end()
    handle(request, response, request.url!)
  })
  origin = await listen(server)
  return { origin, server, errors }
}

test('C3: after a form the way to an app on another origin is open, by GET, with no referrer and no broken policy', async () => {
  const seen: { method: string | undefined; url: string | undefined; referer: string | undefined }[] = []
  const app = createServer((request, response) => {
    const { method, url, headers } = request
    if (url !== '/favicon.ico') seen.push({ method, url, referer: headers.referer })
    response.end('arrived')
  })
  const callback = `${(await listen(app)).replace('localhost', '127.0.0.1')}/callback`
  const { origin, server } = await startPage(`${callback}?code=a%26b&state='"<x>`)
  const { page, complaints } = await newVisitor(browser)
  await page.goto(origin)
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL('**/callback**')
  expect(await page.textContent('body')).toBe('arrived')
  expect(seen).toEqual([
    { method: 'GET', url: '/callback?code=a%26b&state=%27%22%3Cx%3E', referer: undefined },
  ])
  expect(complaints.filter((text) => text.includes('Policy'))).toEqual([])
  server.close()
  app.close()
})

test('C3: to an app with a scheme of its own the page offers the link, and breaks no policy', async () => {
  const { origin, server } = await startPage('com.example.app:/callback?code=x')
  const { page, complaints } = await newVisitor(browser)
  await page.goto(origin)
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('heading', { name: 'Going on' }).waitFor()
  expect(await page.getByRole('link').getAttribute('href')).toBe('com.example.app:/callback?code=x')
  expect(complaints.filter((text) => text.includes('Policy'))).toEqual([])
  server.close()
})

test.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd'])(
  'C4: nobody is sent on to %s',
  async (url) => {
    const { origin, server } = await startPage(url)
    const { page } = await newVisitor(browser)
    await page.goto(origin)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('alert').waitFor()
    expect(await page.content()).not.toContain(url)
    server.close()
  },
)
