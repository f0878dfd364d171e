import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from 'playwright-core'

const EXECUTABLE = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium'

/** A headless Chromium that talks to nobody but the pages it is given. */
export async function launchChromium(): Promise<Browser> {
  if (!existsSync(EXECUTABLE))
    throw new Error(
      `Chromium is not at ${EXECUTABLE}: install it (Debian: apt-get install chromium), or name it in PARLEY_CHROMIUM.`,
    )
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  readonly devtools: CDPSession
  /** What the console said of broken policies and failed scripts. */
  readonly complaints: string[]
  /** A device with a fingerprint reader that always recognizes its owner. */
  addAuthenticator(): Promise<string>
}

/** A browser profile of its own. */
export async function newVisitor(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Visitor> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return {
    context,
    page,
    devtools,
    complaints,
    async addAuthenticator() {
      await devtools.send('WebAuthn.enable')
      const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      })
      return authenticatorId
    },
  }
}

/** Only when a developer asks for pictures. */
export async function look(page: Page, name: string): Promise<void> {
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
