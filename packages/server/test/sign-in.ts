import { Secret, TOTP } from 'otpauth'
import type { PersonId, Role } from '@parley/contract'
import type { TestHub } from './start-test-hub.ts'
import { PageVisitor } from './page-visitor.ts'

export const PASSWORD = 'seven quiet herons'
const BY = { subject: 'test', chain: [] }

export interface SignedIn {
  readonly visitor: PageVisitor
  readonly person: PersonId
}

/** The first administrator, who joins by the setup link and is signed in with two factors. */
export async function signUpAdministrator(
  { hub, url }: TestHub,
  email = 'ada@example.com',
): Promise<SignedIn> {
  return join(hub, { url, link: hub.setupLink!, email })
}

/** Somebody who joins by invitation, and is signed in with two factors. */
export async function signUp(
  { hub, url }: TestHub,
  email: string,
  roles: readonly Role[] = ['member'],
): Promise<SignedIn> {
  const { url: link } = await hub.people.management.invite({ email, roles, groups: [] }, BY)
  return join(hub, { url, link, email })
}

async function join(
  hub: TestHub['hub'],
  { url, link, email }: { url: string; link: string; email: string },
): Promise<SignedIn> {
  const { visitor } = await joinByLink(url, { link, email, password: PASSWORD })
  return { visitor, person: hub.people.management.findByEmail(email)!.id }
}

/** Takes an account by its link, from outside: a password and an authenticator app, and is signed in with both. */
export async function joinByLink(
  url: string,
  { link, email, password }: { link: string; email: string; password: string },
): Promise<{ visitor: PageVisitor; totpSecret: string }> {
  const visitor = new PageVisitor(url)
  const form = await visitor.open(link)
  await visitor.submit(form, { email, name: email.split('@')[0]!, password })
  const page = await visitor.open('/login/enrol/totp')
  const totpSecret = /class="secret">([^<]+)/.exec(page.text)![1]!.replaceAll(' ', '')
  const code = new TOTP({ secret: Secret.fromBase32(totpSecret) }).generate()
  const done = await visitor.submit(page, { code })
  if (done.status !== 200) throw new Error(done.text)
  return { visitor, totpSecret }
}
