import { encode } from 'uqr'
import { errorSummary, field, html, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import { self } from './changes.ts'
import { readWish, withWish } from './demand.ts'
import { passkeyButton } from './passkey-form.ts'
import type { Parts } from './parts.ts'
import type { Person } from './people.ts'
import { readName } from './read-person.ts'
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
import type { SessionRow } from './session-store.ts'
import { passkeyProof } from './sign-in.ts'
import { findTotpStep, newTotpSecret, totpText, totpUri } from './totp.ts'

const PASSKEYS_PER_PERSON = 20
const NO_PASSKEY = 'That passkey could not be added. Load the page again and try once more.'
const WRONG_CODE =
  'That is not the code of this key right now. Check that your phone’s clock is right, and enter the newest code.'

/** GET /login/enrol: a person who has only a password chooses what else protects the account. */
export function showEnrol(parts: Parts, visit: Visit): PageAnswer {
  return enrolPage(parts, visit, [])
}

function enrolPage(parts: Parts, visit: Visit, faults: { text: string }[]): PageAnswer {
  const wish = readWish(visit.query)
  return {
    kind: 'page',
    status: faults.length > 0 ? 400 : 200,
    title: 'Protect your account',
    scripts: ['passkey.js'],
    body: html`<h1>Protect your account</h1>
      <p class="lead">A password alone can be guessed or stolen. Add one of these before you go on.</p>
      ${errorSummary(faults)}
      ${addPasskeyForm(parts, visit, { action: withWish('/login/enrol/passkey', wish) })}
      <p class="hint">Your fingerprint, face or device PIN. Nothing to type, nothing to steal.</p>
      <p class="or">or</p>
      <a class="button quiet full" href="${withWish('/login/enrol/totp', wish)}"
        >Use an authenticator app</a
      >`,
  }
}

/** The form that makes a passkey for the person who is here. */
function addPasskeyForm(parts: Parts, visit: Visit, { action, more }: { action: string; more?: Html }): Html {
  const { person } = whoIsHere(parts, visit)
  const options = parts.passkeys.creationOptions(
    {
      handle: parts.people.handle(person.id)!,
      email: person.email,
      name: person.name,
      exclude: parts.factors.passkeys(person.id),
    },
    visit.binding,
  )
  return html`<form method="post" action="${action}" data-passkey="create" data-options="${options}">
    ${visit.formField} ${more} ${passkeyButton('Create a passkey')}
  </form>`
}

/** POST /login/enrol/passkey and /account/passkeys/add. */
export async function submitNewPasskey(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const { person, session } = whoIsHere(parts, visit)
  const about = { binding: visit.binding, name: readName(visit.form.get('label')) ?? session.browser }
  const passkey = await parts.passkeys.verifyCreation(visit.form.get('credential'), person.id, about)
  const isFirst = session.acr === 'urn:parley:1fa'
  const failed = () =>
    isFirst ? enrolPage(parts, visit, [{ text: NO_PASSKEY }]) : addPasskeyPage(parts, visit, NO_PASSKEY)
  if (!passkey) return failed()
  // The device has just verified who holds it, which is what signing in with the passkey would show.
  const opened = parts.sessions.prove(session, passkeyProof(passkey.isSynced))
  const done = await parts.changes.attempt({
    action: 'passkey.add',
    by: self(person),
    note: passkey.name,
    unit: [
      ...(isFirst ? [parts.factors.requireNoSecondFactor(person.id)] : []),
      parts.factors.insertPasskey(passkey, PASSKEYS_PER_PERSON),
      ...opened.unit,
    ],
  })
  const to = readWish(visit.query).returnTo
  return done ? { kind: 'redirect', to, cookies: [opened.cookie] } : failed()
}

/** GET /account/passkeys/add. */
export function addPasskeyPage(parts: Parts, visit: Visit, fault?: string): PageAnswer {
  return {
    kind: 'page',
    status: fault === undefined ? 200 : 400,
    title: 'Add a passkey',
    scripts: ['passkey.js'],
    body: html`<h1>Add a passkey</h1>
      <p class="lead">
        Your device asks for your fingerprint, face or PIN. The key stays on it, or in your password manager.
      </p>
      ${errorSummary(fault === undefined ? [] : [{ text: fault }])}
      ${addPasskeyForm(parts, visit, {
        action: withWish('/account/passkeys/add', readWish(visit.query)),
        more: field({
          name: 'label',
          label: 'Name',
          value: whoIsHere(parts, visit).session.browser,
          autocomplete: 'off',
          maxLength: 64,
          hint: 'For you to know it by, such as the device it is on.',
        }),
      })}
      <p class="actions"><a href="/account">Back to your account</a></p>`,
  }
}

/** GET /login/enrol/totp and /account/totp: the key to scan, and a field for its first code. */
export function showTotp(parts: Parts, visit: Visit): PageAnswer {
  return totpPage(parts, visit, newTotpSecret(parts.random))
}

/** POST of the same: the app is in use once it has shown a right code; recovery codes come with it. */
export async function submitTotp(parts: Parts, visit: Visit, next: string): Promise<PageAnswer> {
  const { person, session } = whoIsHere(parts, visit)
  const secret = openOffered(parts, session, visit.form.get('key') ?? '')
  if (!secret)
    return totpPage(parts, visit, newTotpSecret(parts.random), 'This page was too old. Scan the new key.')
  const now = parts.clock.now()
  const step = findTotpStep(secret, (visit.form.get('code') ?? '').replaceAll(/\s/g, ''), now)
  if (step === undefined) return totpPage(parts, visit, secret, WRONG_CODE)
  const codes = newRecoveryCodes(parts.random)
  const sealed = parts.sealer.seal(secret, { table: 'totp', column: 'secret', id: person.id })
  const isFirst = session.acr === 'urn:parley:1fa'
  const opened = isFirst
    ? parts.sessions.prove(session, { acr: 'urn:parley:2fa', amr: ['pwd', 'otp', 'mfa'] })
    : parts.sessions.rotate(session)
  const done = await parts.changes.attempt({
    action: 'totp.set',
    by: self(person),
    note: 'authenticator app and recovery codes',
    unit: [
      ...(isFirst ? [parts.factors.requireNoSecondFactor(person.id)] : []),
      parts.factors.saveTotp(person.id, { secret: sealed, step, at: now }),
      ...parts.factors.saveRecoveryCodes(person.id, codes.map(hashRecoveryCode)),
      ...opened.unit,
    ],
  })
  if (!done) return { kind: 'redirect', to: '/login' }
  return { ...recoveryCodesPage(codes, next), cookies: [opened.cookie] }
}

/** Shown once; only their hashes are kept. */
export function recoveryCodesPage(codes: readonly string[], next: string): PageAnswer & { kind: 'page' } {
  return {
    kind: 'page',
    title: 'Save your recovery codes',
    scripts: ['copy.js'],
    body: html`<h1>Save your recovery codes</h1>
      <p class="lead">
        Each opens your account once, with your password, when your phone is gone. They are not shown again.
      </p>
      <ul class="codes" id="codes">
        ${codes.map((code) => html`<li>${code}</li>`)}
      </ul>
      <div class="actions">
        <button type="button" class="quiet" data-copy="codes" hidden>Copy</button>
        <a class="button" href="${next}">I have saved them</a>
      </div>`,
  }
}

function totpPage(parts: Parts, visit: Visit, secret: Uint8Array, fault?: string): PageAnswer {
  const { person, session } = whoIsHere(parts, visit)
  const uri = totpUri(secret, { email: person.email, host: new URL(parts.kit.origin).host })
  const action =
    session.acr === 'urn:parley:1fa' ? withWish('/login/enrol/totp', readWish(visit.query)) : '/account/totp'
  return {
    kind: 'page',
    status: fault === undefined ? 200 : 400,
    title: 'Authenticator app',
    body: html`<h1>Authenticator app</h1>
      <p class="lead">Scan this with an app such as Aegis, 1Password or Google Authenticator.</p>
      ${errorSummary(fault === undefined ? [] : [{ field: 'code', text: fault }])} ${qrCode(uri)}
      <details>
        <summary>I cannot scan it</summary>
        <p class="hint">Enter this key in the app. It is based on time and has six digits.</p>
        <p class="secret">${totpText(secret)}</p>
      </details>
      <form method="post" action="${action}" class="below">
        ${visit.formField}<input type="hidden" name="key" value="${sealOffered(parts, session, secret)}" />
        ${field({
          name: 'code',
          label: 'Code that the app shows',
          autocomplete: 'one-time-code',
          inputmode: 'numeric',
          maxLength: 9,
          error: fault,
        })}
        <button class="full">Turn it on</button>
      </form>`,
  }
}

/** The key of the page, bound to the session that saw it; nothing is kept until a code proves that the app has it. */
function sealOffered(parts: Parts, session: SessionRow, secret: Uint8Array): string {
  const place = { table: 'totp', column: 'offered', id: session.id }
  return parts.sealer.seal(secret, place).toString('base64url')
}

function openOffered(parts: Parts, session: SessionRow, sealed: string): Uint8Array | undefined {
  try {
    const place = { table: 'totp', column: 'offered', id: session.id }
    return parts.sealer.open(Buffer.from(sealed, 'base64url'), place)
  } catch {
    // Another session's, or altered: the page starts anew.
    return undefined
  }
}

/** Black on white in both colour schemes: what scanners expect. */
function qrCode(text: string): Html {
  const { data, size } = encode(text, { border: 3 })
  const runs = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return html`<svg
    class="qr"
    viewBox="0 0 ${size} ${size}"
    shape-rendering="crispEdges"
    role="img"
    aria-label="QR code for an authenticator app"
  >
    <rect width="${size}" height="${size}" fill="#fff" />
    <path d="${runs.join('')}" fill="#000" />
  </svg>`
}

/** The person and session of a page that `admit` lets nobody else see. */
export function whoIsHere(parts: Parts, visit: Visit): { person: Person; session: SessionRow } {
  const session = parts.sessions.current(visit.request)
  const person = session && parts.directory.find(session.person)
  if (!session || !person) throw new Error('a page was served to nobody')
  return { person, session }
}
