import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, newVisitor } from './browser.ts'
import { startTestHub } from './start-test-hub.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

/** Only when a developer asks for pictures. */
async function look(page: Page, name: string): Promise<void> {
  const directory = process.env['PARLEY_SCREENSHOTS']
  if (directory === undefined) return
  mkdirSync(directory, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width: 1100, height: 800 })
    await page.screenshot({ path: join(directory, `${name}-${colorScheme}.png`), fullPage: true })
  }
  await page.setViewportSize({ width: 390, height: 844 })
  await page.screenshot({ path: join(directory, `${name}-phone.png`), fullPage: true })
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('the first administrator joins with a passkey, signs out, and comes back with it', async () => {
  await using hub = await startTestHub()
  const visitor = await newVisitor(browser)
  const { page } = visitor
  await visitor.addAuthenticator()
  await page.goto(hub.hub.setupLink!)
  await look(page, 'setup')
  await page.getByLabel('Email').fill('Ada@Example.com')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByRole('button', { name: 'Create a passkey' }).click()
  await page.waitForURL('**/account')
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Ada Lovelace')
  await look(page, 'account')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/login')
  await page.goto(`${hub.url}/login`)
  await look(page, 'login')
  await page.waitForURL('**/account')
  expect(visitor.complaints).toEqual([])
})
