import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, look, newVisitor } from './browser.ts'
import { BY, startGrantingHub } from './granting-hub.ts'
import { ask, openApp } from './oauth-app.ts'
import { sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

async function fitsPhone(page: Page): Promise<boolean> {
  await page.setViewportSize({ width: 390, height: 844 })
  return page.evaluate<boolean>('document.documentElement.scrollWidth <= 390')
}

test('C4, G7: consent just in time, details in words and the end of it in the account, in Chromium without complaint', async () => {
  await using hub = await startGrantingHub()
  const visitor = await newVisitor(browser)
  const { page } = visitor
  await visitor.addAuthenticator()
  await page.goto(hub.hub.setupLink!)
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByRole('button', { name: 'Create a passkey' }).click()
  await page.waitForURL('**/account')
  await page.goto(`${hub.url}/account/apps`)
  await page.getByRole('heading', { name: 'Nothing acts for you' }).waitFor()
  await look(page, 'apps-empty')

  const person = hub.hub.people.management.findByEmail('ada@example.com')!.id
  const grant = await hub.grant(
    ['tool:one/look', 'resource:one/https://a-long-host.example/with/a/long/path/*'],
    {
      person,
      limits: { callsPerMinute: 60 },
      expiresAt: Date.now() + 86_400_000,
    },
  )
  const { agent } = await hub.hub.clients.agents.create(
    { name: 'night-watch', owner: null, proof: { kind: 'secret' } },
    BY,
  )
  const { terms } = hub.hub.grants.find(grant)!
  await hub.hub.grants.create(
    { kind: 'delegation', holder: { kind: 'agent', id: agent.id }, person, parent: grant, terms },
    BY,
  )
  const caller = hub.as(hub.token(grant))
  const call = modernRequest('tools/call', { name: 'change', arguments: {} }, { elicitation: { url: {} } })
  const { url } = (await sendRaw(caller, call)).body.result.inputRequests.consent.params
  await page.goto(url)
  const allow = page.getByRole('button', { name: 'Allow', exact: true })
  expect(await allow.isDisabled()).toBe(true)
  await look(page, 'just-in-time')
  expect(await fitsPhone(page)).toBe(true)
  await allow.click()
  await page.getByRole('heading', { name: 'Allowed' }).waitFor()
  await look(page, 'just-in-time-allowed')
  expect(hub.hub.grants.find(grant)!.terms.capabilities).toHaveLength(3)

  const detail = {
    type: 'parley_capability',
    capabilities: [
      { capability: 'tool:one/look', where: [{ pointer: '/url', prefix: 'https://good.example/' }] },
      { capability: 'tool:one/c*' },
    ],
    limits: { calls: 5, amount: { pointer: '/euro', total: 100 } },
    expires_in: 7200,
  }
  const cli = await openApp(hub.url)
  await page.goto((await ask(cli, { authorization_details: JSON.stringify([detail]) })).url.href)
  await look(page, 'consent-details')
  expect(await fitsPhone(page)).toBe(true)
  await page.goto((await ask(cli, { resource: `${hub.url}/api`, scope: 'hub:read' })).url.href)
  await page.getByRole('checkbox').uncheck()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('alert').waitFor()
  await look(page, 'consent-nothing-left')

  await page.goto(`${hub.url}/account`)
  await look(page, 'account-acting')
  await page.getByRole('link', { name: 'See what they may do' }).click()
  await page.getByText('Exactly what?').first().click()
  await look(page, 'apps')
  expect(await fitsPhone(page)).toBe(true)
  await page.getByRole('button', { name: 'End it: Parley command line' }).click()
  await page.getByRole('status').waitFor()
  await look(page, 'apps-ended')
  expect(hub.hub.grants.list({ person })).toEqual([])
  expect((await sendRaw(caller, call)).status).toBe(401)
  // The answer to a form with a fault is a 409, and nothing else is worth a word.
  expect(visitor.complaints.filter((text) => !text.includes('status of 409'))).toEqual([])
})
