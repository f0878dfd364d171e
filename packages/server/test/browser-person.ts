import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright-core'
import { newVisitor, type Visitor } from './browser.ts'

const PASSWORD = 'seven quiet herons'
const TOTP_STEP_MS = 30_000

export interface Choices {
  /** Switches by the id that they have on the page, such as `group.files.destroy`. */
  readonly switches?: Readonly<Record<string, boolean>>
  readonly decision?: 'Allow' | 'Deny'
}

/** Somebody with an account and a Chromium, who does what a person does: signs in, reads, decides. */
export class BrowserPerson {
  readonly visitor: Visitor
  readonly email: string
  /** Absent for a person with a passkey. */
  readonly #secret: Secret | undefined
  #lastStep = 0

  private constructor(visitor: Visitor, email: string, secret: Secret | undefined) {
    this.visitor = visitor
    this.email = email
    this.#secret = secret
    this.#lastStep = stepNow()
  }

  get page(): Page {
    return this.visitor.page
  }

  /** Joins by a setup or invitation link with a passkey of a device that knows its owner. */
  static async joinWithPasskey(browser: Browser, link: string, email?: string): Promise<BrowserPerson> {
    const visitor = await newVisitor(browser)
    const { page } = visitor
    await visitor.addAuthenticator()
    await page.goto(link)
    if (email !== undefined) await page.getByLabel('Email').fill(email)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByRole('button', { name: 'Create a passkey' }).click()
    await page.waitForURL('**/account')
    return new BrowserPerson(visitor, email ?? '', undefined)
  }

  /** Joins by an invitation with a password and an authenticator app. */
  static async joinWithPassword(browser: Browser, link: string, email: string): Promise<BrowserPerson> {
    const visitor = await newVisitor(browser)
    const { page } = visitor
    await page.goto(link)
    await page.getByLabel('Your name').fill('Grace Hopper')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Use this password' }).click()
    await page.getByRole('link', { name: 'Use an authenticator app' }).click()
    await page.getByText('I cannot scan it').click()
    const secret = Secret.fromBase32((await page.locator('.secret').textContent())!.replaceAll(' ', ''))
    await page.getByLabel('Code that the app shows').fill(codeOf(secret, stepNow()))
    await page.getByRole('button', { name: 'Turn it on' }).click()
    await page.getByRole('link', { name: 'I have saved them' }).click()
    await page.waitForURL('**/account')
    return new BrowserPerson(visitor, email, secret)
  }

  /** The browser forgets who is signed in. */
  async signOut(): Promise<void> {
    await this.visitor.context.clearCookies()
  }

  /**
   * Opens what an app asks to be opened, signs in when asked, decides, and answers with the address at which the app is
   * called back; an app that listens there has been called.
   */
  async answer(url: string, { switches = {}, decision = 'Allow' }: Choices = {}): Promise<URL> {
    const { page } = this
    const { origin } = new URL(url)
    await page.goto(url)
    const isBack = () => new URL(page.url()).origin !== origin
    const button = page.getByRole('button', { name: decision })
    while (!isBack() && !(await button.isVisible())) {
      if (new URL(page.url()).pathname.startsWith('/login')) await this.#signIn()
      await page.waitForTimeout(20)
    }
    if (!isBack()) {
      for (const [id, isOn] of Object.entries(switches)) await page.locator(`[id="${id}"]`).setChecked(isOn)
      await button.click()
      await page.waitForURL((address) => address.origin !== origin)
    }
    await page.waitForLoadState()
    return new URL(page.url())
  }

  async #signIn(): Promise<void> {
    const { page } = this
    const leave = page.waitForURL((address) => !address.pathname.startsWith('/login'))
    // The device offers its passkey by itself as soon as the page asks for one.
    if (this.#secret !== undefined) {
      await page.getByLabel('Email').fill(this.email)
      await page.getByLabel('Password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.waitForURL('**/login/second-factor**')
      await page.getByLabel('Code from your authenticator app').fill(await this.#nextCode(this.#secret))
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    await leave
  }

  /** A code counts once; that of the next half minute is accepted as well. */
  async #nextCode(secret: Secret): Promise<string> {
    const step = Math.max(stepNow(), this.#lastStep + 1)
    while (step > stepNow() + 1) await this.page.waitForTimeout(100)
    this.#lastStep = step
    return codeOf(secret, step)
  }
}

function stepNow(): number {
  return Math.floor(Date.now() / TOTP_STEP_MS)
}

function codeOf(secret: Secret, step: number): string {
  return new TOTP({ secret }).generate({ timestamp: step * TOTP_STEP_MS })
}
