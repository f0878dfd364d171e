import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, look, newVisitor } from './browser.ts'
import { ask, openApp, redeem } from './oauth-app.ts'
import { startOfferingServer } from './offering-server.ts'
import { startTestHub, until } from './start-test-hub.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

test('C4, C5: a person signs in, reads, waits for the button, allows, and the app is called back, in Chromium', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-offer-'))
  const tool = (name: string, annotations: object, description: string) => ({
    name,
    inputSchema: { type: 'object' },
    annotations,
    description,
  })
  writeFileSync(
    join(directory, 'tools.json'),
    JSON.stringify([
      tool('read_file', { readOnlyHint: true }, 'Reads a file.'),
      tool('list_directory', { readOnlyHint: true }, 'Lists what is in a directory.'),
      tool('write_file', { destructiveHint: false }, 'Writes a new file.'),
      tool('delete_file', {}, 'Deletes a file for good.'),
    ]),
  )
  await using server = await startOfferingServer('2026-07-28', directory)
  await using hub = await startTestHub(`servers: { files: { url: "${server.origin}/mcp" } }`)
  await until(async () => (await hub.api('GET', '/api/servers')).body.servers[0]?.health === 'ready')
  const answers: string[] = []
  const app = createServer((request, response) => {
    if (request.url!.startsWith('/callback')) answers.push(request.url!)
    response.end('Back in the app.')
  })
  await new Promise<void>((done) => app.listen(0, '127.0.0.1', done))
  const redirectUri = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`
  const cli = await openApp(hub.url, { redirectUri })
  const visitor = await newVisitor(browser)
  const { page } = visitor
  await visitor.addAuthenticator()
  await page.goto(hub.hub.setupLink!)
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByRole('button', { name: 'Create a passkey' }).click()
  await page.waitForURL('**/account')

  const { url, verifier } = await ask(cli, { scope: 'mcp openid email' })
  await page.goto(url.href)
  const allow = page.getByRole('button', { name: 'Allow' })
  expect(await allow.isDisabled()).toBe(true)
  await page.getByText('Which ones?').first().click()
  await look(page, 'consent')
  // A click waits until the button works.
  await allow.click()
  await page.waitForURL('**/callback?**')
  expect(answers.length).toBe(1)
  const tokens = await redeem(cli, { callback: new URL(answers[0]!, redirectUri), verifier })
  expect(hub.hub.identity.verifyToken(tokens.access_token)).toMatchObject({ aud: `${hub.url}/mcp` })

  const again = await ask(cli)
  await page.goto(again.url.href)
  await page.getByRole('button', { name: 'Deny' }).click()
  await page.waitForURL('**/callback?error=access_denied**')
  await page.goto(`${hub.url}/oauth/authorize?client_id=nobody`)
  await look(page, 'error')
  await page.getByRole('alert').waitFor()
  expect(visitor.complaints.filter((text) => !text.includes('status of 400'))).toEqual([])
  app.close()
  app.closeAllConnections()
  rmSync(directory, { recursive: true })
})
