import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import { oneTimeCode } from './one-time-code.ts'
import { TourBrowser, boxesOf } from './tour-browser.ts'

/** Longer than a page wants to be looked at before a yes counts. */
const READING_MS = 600
const MAX_CONSENTS = 4

/** The names of the boxes that a page showed, and of those that were left on. */
export interface Choice {
  readonly shown: readonly string[]
  readonly on: readonly string[]
}

/** Ada, who has an account and reads what she is asked. */
export class TourPerson {
  readonly email = 'ada@example.com'
  readonly #browser: TourBrowser
  #hasJoined = false

  constructor(hub: string) {
    this.#browser = new TourBrowser(hub)
  }

  /** Makes the first account by the setup link: a password, then an authenticator app as second factor. */
  async join(setupLink: string): Promise<void> {
    if (this.#hasJoined) return
    this.#hasJoined = true
    const form = await this.#browser.open(setupLink)
    const password = randomBytes(18).toString('base64url')
    await this.#browser.submit(form, { email: this.email, name: 'Ada', password })
    const enrol = await this.#browser.open(new URL('/login/enrol/totp', setupLink).href)
    const secret = /class="secret">([^<]+)/.exec(enrol.text)?.[1]?.replaceAll(' ', '') ?? ''
    await this.#browser.submit(enrol, { code: oneTimeCode(secret, Date.now()) })
  }

  /** From the address that the terminal shows through all consents: leaves on what only reads. */
  allowReading(url: string): Promise<Choice> {
    return this.allowOnly(url, (box) => box.endsWith('.read'))
  }

  /** From the address that the terminal shows through all consents: of the boxes of a page, Ada leaves on those that she wants. */
  async allowOnly(url: string, isWanted: (box: string) => boolean): Promise<Choice> {
    const shown: string[] = []
    let page = await this.#browser.open(url)
    for (let asked = 0; page.text.includes('name="decision"'); asked++) {
      if (asked === MAX_CONSENTS) throw new CliError('The hub asks without end.', { code: 'not_ready' })
      const boxes = boxesOf(page.text).filter((name) => name.startsWith('group.'))
      shown.push(...boxes)
      const off = boxes.filter((name) => !isWanted(name)).map((name) => [name, null])
      await wait(READING_MS)
      page = await this.#browser.submit(page, { ...Object.fromEntries(off), decision: 'allow' })
    }
    return { shown, on: shown.filter(isWanted) }
  }

  /** Answers a question that a call asked in time. */
  async allow(url: string): Promise<void> {
    const page = await this.#browser.open(url)
    await wait(READING_MS)
    await this.#browser.submit(page, { choice: 'allow' })
  }
}
