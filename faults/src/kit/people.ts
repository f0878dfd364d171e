import { randomBytes } from 'node:crypto'
import { ask, openApp, redeem, type TestApp } from '../../../packages/server/test/oauth-app.ts'
import { decide, type PageVisitor } from '../../../packages/server/test/page-visitor.ts'
import { joinByLink } from '../../../packages/server/test/sign-in.ts'
import type { Hub } from './hub.ts'
import type { Target } from './http.ts'

/** An app entered by the administrator at an https address of its own: people are asked about it once. */
export const DESK = {
  clientId: 'desk',
  redirectUri: 'https://desk.example/callback',
} as const
/** `parley.yaml`, so that the hub knows the desk. */
export const DESK_CONFIG = {
  apps: {
    desk: { redirectUris: [DESK.redirectUri] },
    other: { redirectUris: ['https://other.example/callback'] },
  },
} as const

export interface Person {
  readonly id: string
  readonly email: string
  readonly password: string
  readonly totpSecret: string
  readonly visitor: PageVisitor
}

export interface Tokens {
  readonly access: string
  readonly refresh: string
}

/** The first administrator, by the link of the ready line. */
export async function joinFirst(hub: Hub, email = 'ada@example.com'): Promise<Person> {
  if (hub.setupLink === undefined) throw new Error('the ready line has no setup link')
  return join(hub, email, hub.setupLink)
}

/** Somebody whom the administrator invites. */
export async function joinInvited(hub: Hub, email: string): Promise<Person> {
  const invited = await hub.api('POST', '/api/invitations', { email, roles: ['member'] })
  return join(hub, email, String(invited.json?.['url']))
}

async function join(hub: Hub, email: string, link: string): Promise<Person> {
  const password = `zzSECRET-${randomBytes(12).toString('hex')}`
  const { visitor, totpSecret } = await joinByLink(hub.url, { link, email, password })
  const found = await hub.api('GET', `/api/people?email=${encodeURIComponent(email)}`)
  const [person] = (found.json?.['people'] ?? []) as { id: string }[]
  return { id: person!.id, email, password, totpSecret, visitor }
}

/** Discovers the hub as the desk does. */
export function openDesk(hub: Hub): Promise<TestApp> {
  return openApp(hub.url, DESK)
}

export interface Code {
  /** What the desk posts to the token endpoint. */
  readonly form: Readonly<Record<string, string>>
  readonly value: string
}

type Wish = Readonly<Record<string, string>>

/** A code that was not redeemed yet. */
export async function getCode(app: TestApp, person: Person, resource?: string): Promise<Code> {
  const { callback, verifier } = await allowAll(app, person, resource === undefined ? {} : { resource })
  const value = callback.searchParams.get('code')
  if (value === null) throw new Error(`no code: ${callback.search}`)
  const form = {
    grant_type: 'authorization_code',
    client_id: app.client.client_id,
    code: value,
    redirect_uri: app.redirectUri,
    code_verifier: verifier,
  }
  return { form, value }
}

/** Tokens of the app for one endpoint, in a person's name, by the whole way. */
export async function getTokens(app: TestApp, person: Person, wish: Wish = {}): Promise<Tokens> {
  const tokens = await redeem(app, await allowAll(app, person, wish))
  return { access: tokens.access_token, refresh: tokens.refresh_token! }
}

/** The person switches on everything that the page offers. */
async function allowAll(
  app: TestApp,
  person: Person,
  wish: Wish,
): Promise<{ callback: URL; verifier: string }> {
  const { url, verifier } = await ask(app, wish)
  const page = await person.visitor.open(url.href)
  const boxes = [...page.text.matchAll(/<input\s+type="checkbox"[^>]*\sname="([^"]+)"/g)]
  const choices = Object.fromEntries(boxes.map(([, name = '']) => [name, 'on']))
  return { callback: await decide(person.visitor, page, choices), verifier }
}

/** The hub for whoever has that token. */
export function asCaller(hub: Hub, token: string): Target {
  return { port: hub.port, key: token }
}
