import { Secret, TOTP } from 'otpauth'
import type { PersonId, Role } from '@parley/contract'
import type { TestHub } from './start-test-hub.ts'
import { PageVisitor, type Visited } from './page-visitor.ts'

export const PASSWORD = 'seven quiet herons'
const BY = { subject: 'test', chain: [] }

export interface SignedIn {
  readonly visitor: PageVisitor
  readonly person: PersonId
}

/** With what it takes to sign in once more. */
export interface Joined extends SignedIn {
  readonly email: string
  readonly recoveryCodes: readonly string[]
}

/** The first administrator, who joins by the setup link and is signed in with two factors. */
export async function signUpAdministrator({ hub, url }: TestHub, email = 'ada@example.com'): Promise<Joined> {
  return join(hub, { url, link: hub.setupLink!, email })
}

/** Somebody who joins by invitation, and is signed in with two factors. */
export async function signUp(
  { hub, url }: TestHub,
  email: string,
  roles: readonly Role[] = ['member'],
): Promise<Joined> {
  const { url: link } = await hub.people.management.invite({ email, roles, groups: [] }, BY)
  return join(hub, { url, link, email })
}

async function join(
  hub: TestHub['hub'],
  { url, link, email }: { url: string; link: string; email: string },
): Promise<Joined> {
  const { visitor, recoveryCodes } = await joinByLink(url, { link, email, password: PASSWORD })
  return { visitor, person: hub.people.management.findByEmail(email)!.id, email, recoveryCodes }
}

/** The same person in another browser. */
export async function signInAgain({ url }: TestHub, { email, recoveryCodes }: Joined): Promise<PageVisitor> {
  const visitor = new PageVisitor(url)
  const form = formWith(await visitor.open('/login'), 'password')
  const page = await visitor.submit(form, { email, password: PASSWORD })
  const done = await visitor.submit(formWith(page, 'recovery'), { recovery: recoveryCodes[0]! })
  if (done.status !== 200) throw new Error(done.text)
  return visitor
}

/** The one of several forms of a page that has this field. */
function formWith(page: Visited, field: string): Visited {
  const form = page.text.split('<form').find((part) => part.includes(`name="${field}"`))
  if (form === undefined) throw new Error(page.text)
  return { ...page, text: `<form${form}` }
}

/** Takes an account by its link, from outside: a password and an authenticator app, and is signed in with both. */
export async function joinByLink(
  url: string,
  { link, email, password }: { link: string; email: string; password: string },
): Promise<{ visitor: PageVisitor; totpSecret: string; recoveryCodes: string[] }> {
  const visitor = new PageVisitor(url)
  const form = await visitor.open(link)
  await visitor.submit(form, { email, name: email.split('@')[0]!, password })
  const page = await visitor.open('/login/enrol/totp')
  const totpSecret = /class="secret">([^<]+)/.exec(page.text)![1]!.replaceAll(' ', '')
  const code = new TOTP({ secret: Secret.fromBase32(totpSecret) }).generate()
  const done = await visitor.submit(page, { code })
  if (done.status !== 200) throw new Error(done.text)
  const recoveryCodes = [...done.text.matchAll(/<li>([0-9a-z-]{19})<\/li>/g)].map((match) => match[1]!)
  return { visitor, totpSecret, recoveryCodes }
}
