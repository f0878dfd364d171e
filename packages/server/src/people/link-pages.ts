import { createHmac } from 'node:crypto'
import type { PersonId } from '@parley/contract'
import { errorSummary, field, html, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import type { Statement } from '../store/index.ts'
import { NOBODY, self } from './changes.ts'
import { describeBrowser } from './describe-browser.ts'
import type { Passkey } from './factor-store.ts'
import type { LinkRow } from './link-store.ts'
import { findLink } from './links.ts'
import { passkeyButton } from './passkey-form.ts'
import { passwordFault } from './password-fault.ts'
import type { Parts } from './parts.ts'
import { readEmail, readName } from './read-person.ts'
import { passkeyProof } from './sign-in.ts'

interface Fault {
  readonly field?: string
  readonly text: string
}

const WORDS: Readonly<Record<LinkRow['kind'], { title: string; lead: string }>> = {
  setup: {
    title: 'Set up this hub',
    lead: 'You become its first administrator. This link works once.',
  },
  invite: { title: 'Welcome to Parley', lead: 'You have been invited. Choose how you will sign in.' },
  reset: { title: 'Choose a new way in', lead: 'Your administrator sent you this link. It works once.' },
}

const NO_PASSKEY = 'That passkey could not be created. Try again, or choose a password.'
const TAKEN = 'The link was used meanwhile, or there is an account with this address already.'

/** GET /setup/…, /invite/…, /reset/…: the form of the link, as long as it may be used. */
export function showLink(parts: Parts, visit: Visit, kind: LinkRow['kind']): PageAnswer {
  const link = findLink(parts, kind, visit.params['secret'] ?? '')
  return link ? linkPage(parts, visit, { link, faults: [] }) : deadLinkPage()
}

/** POST of the same: the account and what opens it come into being together with the end of the link. */
export async function submitLink(parts: Parts, visit: Visit, kind: LinkRow['kind']): Promise<PageAnswer> {
  const link = findLink(parts, kind, visit.params['secret'] ?? '')
  if (!link) return deadLinkPage()
  const who = whoFor(parts, link, visit)
  if ('faults' in who) return linkPage(parts, visit, { link, faults: who.faults })
  const way = await wayIn(parts, visit, { link, who })
  if ('faults' in way) return linkPage(parts, visit, { link, faults: way.faults })
  const opened = parts.sessions.open(
    who.id,
    way.passkey ? passkeyProof(way.passkey.isSynced) : { acr: 'urn:parley:1fa', amr: ['pwd'] },
    visit.request,
  )
  const done = await parts.changes.attempt({
    action: kind === 'reset' ? 'person.recover' : 'person.join',
    by: kind === 'setup' ? NOBODY : self(who),
    note: `${who.email}, ${way.passkey ? 'passkey' : 'password'}`,
    unit: [
      parts.links.use(link, parts.clock.now()),
      ...accountUnit(parts, { link, who, password: way.password }),
      ...(way.passkey ? [parts.factors.insertPasskey(way.passkey, 20)] : []),
      ...opened.unit,
    ],
    ends: kind === 'reset' ? [{ kind: 'person', id: who.id }] : [],
    touchesPeople: true,
  })
  if (!done) return linkPage(parts, visit, { link, faults: [{ text: TAKEN }] })
  return { kind: 'redirect', to: way.passkey ? '/account' : '/login', cookies: [opened.cookie] }
}

interface Who {
  readonly id: PersonId
  readonly email: string
  readonly name: string
}

function whoFor(parts: Parts, link: LinkRow, visit: Visit): Who | { readonly faults: Fault[] } {
  if (link.person !== null) {
    const person = parts.directory.find(link.person)
    return person ?? { faults: [{ text: 'This account is gone.' }] }
  }
  const email = link.kind === 'setup' ? readEmail(visit.form.get('email')) : link.email
  const name = readName(visit.form.get('name'))
  const faults: Fault[] = []
  if (email === undefined)
    faults.push({ field: 'email', text: 'Enter your email address, such as name@example.com.' })
  if (name === undefined) faults.push({ field: 'name', text: 'Enter your name, at most 100 characters.' })
  if (email === undefined || name === undefined) return { faults }
  return { id: parts.newId('person'), email, name }
}

async function wayIn(
  parts: Parts,
  visit: Visit,
  { link, who }: { link: LinkRow; who: Who },
): Promise<{ passkey?: Passkey; password: string | null } | { readonly faults: Fault[] }> {
  const credential = visit.form.get('credential')
  if (credential !== undefined && credential !== '') {
    if (!offersPasskey(link)) return { faults: [{ text: NO_PASSKEY }] }
    const about = { binding: visit.binding, name: describeBrowser(visit.request.headers['user-agent']) }
    const passkey = await parts.passkeys.verifyCreation(credential, who.id, about)
    return passkey ? { passkey, password: null } : { faults: [{ text: NO_PASSKEY }] }
  }
  const password = visit.form.get('password') ?? ''
  const fault = passwordFault(password, who)
  if (fault !== undefined) return { faults: [{ field: 'password', text: fault }] }
  return { password: await parts.passwords.hash(password) }
}

function accountUnit(
  { people, factors, sessionStore, clock }: Parts,
  { link, who, password }: { link: LinkRow; who: Who; password: string | null },
): Statement[] {
  if (link.kind === 'reset') {
    return [
      people.setPassword(who.id, password),
      ...(link.dropFactors ? factors.deleteAll(who.id) : []),
      sessionStore.deleteOfPerson(who.id),
    ]
  }
  const { roles } = link
  const createdAt = clock.now()
  return [
    ...(link.kind === 'setup' ? [people.requireNoAdministrator()] : []),
    people.insertPerson({ ...who, roles, createdAt, password, handle: newHandle(link) }),
    ...people.setGroups(who.id, link.groups),
  ]
}

/** A link that leaves the second factor in place cannot be used to put a passkey beside it. */
function offersPasskey(link: LinkRow): boolean {
  return link.kind !== 'reset' || link.dropFactors
}

/** The user handle that a passkey of this link is made for: known before the account is, and telling nothing of it. */
function newHandle(link: LinkRow): Uint8Array {
  return createHmac('sha256', link.hash).update('user handle').digest()
}

function linkPage(
  parts: Parts,
  visit: Visit,
  { link, faults }: { link: LinkRow; faults: readonly Fault[] },
): PageAnswer {
  const { title, lead } = WORDS[link.kind]
  const faultOf = (name: string) => faults.find((fault) => fault.field === name)?.text
  return {
    kind: 'page',
    status: faults.length > 0 ? 400 : 200,
    title,
    scripts: offersPasskey(link) ? ['passkey.js'] : [],
    body: html`<h1>${title}</h1>
      <p class="lead">${lead}</p>
      ${errorSummary(faults)}
      <form method="post" action="${visit.path}" ${passkeyData(parts, visit, link)}>
        ${visit.formField} ${identityFields(visit, link, faultOf)}
        ${
          offersPasskey(link) &&
          html`${passkeyButton('Create a passkey')}
            <p class="hint">Your fingerprint, face or device PIN. Nothing to remember, nothing to steal.</p>
            <p class="or">or with a password</p>`
        }
        ${field({
          name: 'password',
          label: link.kind === 'reset' ? 'New password' : 'Password',
          type: 'password',
          autocomplete: 'new-password',
          hint: 'At least 10 characters. You then add an authenticator app or a passkey.',
          error: faultOf('password'),
          isRequired: false,
        })}
        <button class="${offersPasskey(link) ? 'quiet full' : 'full'}">Use this password</button>
      </form>`,
  }
}

function identityFields(visit: Visit, link: LinkRow, faultOf: (name: string) => string | undefined): Html {
  if (link.kind === 'reset') {
    return html`<p>For <span class="strong">${link.email}</span></p>
      <input type="email" name="email" value="${link.email}" autocomplete="username" hidden />`
  }
  const email =
    link.kind === 'setup'
      ? field({
          name: 'email',
          label: 'Email',
          type: 'email',
          value: visit.form.get('email'),
          autocomplete: 'username',
          maxLength: 254,
          error: faultOf('email'),
        })
      : html`<p>For <span class="strong">${link.email}</span></p>
          <input type="email" name="email" value="${link.email}" autocomplete="username" hidden />`
  return html`${email}
  ${field({
    name: 'name',
    label: 'Your name',
    value: visit.form.get('name'),
    autocomplete: 'name',
    maxLength: 100,
    error: faultOf('name'),
  })}`
}

function passkeyData(parts: Parts, visit: Visit, link: LinkRow): Html {
  if (!offersPasskey(link)) return html``
  const owner = {
    handle: link.person === null ? newHandle(link) : parts.people.handle(link.person)!,
    email: link.email,
    name: link.person === null ? '' : (parts.directory.find(link.person)?.name ?? ''),
    exclude: [],
  }
  return html` data-passkey="create" data-options="${parts.passkeys.creationOptions(owner, visit.binding)}"`
}

/** One page for links that never were, were used, and are too old. */
function deadLinkPage(): PageAnswer {
  return {
    kind: 'page',
    status: 404,
    title: 'This link does not work',
    body: html`<h1>This link does not work</h1>
      <p>
        It was used already, is too old, or was copied only in part. Ask your administrator for a new one.
      </p>
      <p><a class="button quiet" href="/login">Sign in</a></p>`,
  }
}
