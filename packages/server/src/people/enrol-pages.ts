import { errorSummary, field, html, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import { self } from './changes.ts'
import { readWish, withWish } from './demand.ts'
import { passkeyButton } from './passkey-form.ts'
import type { Parts } from './parts.ts'
import { readName } from './read-person.ts'
import { passkeyProof } from './sign-in.ts'
import { whoIsHere } from './who-is-here.ts'

const PASSKEYS_PER_PERSON = 20
const NO_PASSKEY = 'That passkey could not be added. Load the page again and try once more.'

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
