import { html, errorSummary, field, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import { readWish, withWish, meets, type Wish } from './demand.ts'
import { nextStep } from './next-step.ts'
import { passkeySignInForm } from './passkey-form.ts'
import type { Parts } from './parts.ts'
import type { Person } from './people.ts'
import {
  hasGivenPassword,
  proveSecondFactor,
  signInWithPasskey,
  signInWithPassword,
  type SignIn,
} from './sign-in.ts'
import { whoIsHere } from './who-is-here.ts'

const NO_MATCH = 'Email and password do not match, or this account cannot be used.'
const NO_PASSKEY = 'That passkey does not open an account here. Try again, or use your password.'
const NO_CODE = 'That code is wrong, too old, or was used already.'

/** GET /login: sign in, or confirm who you are before something that asks for it. */
export function showSignIn(parts: Parts, visit: Visit): PageAnswer {
  const wish = readWish(visit.query)
  const session = parts.sessions.current(visit.request)
  if (session && meets(session, wish, parts.clock.now())) return { kind: 'redirect', to: wish.returnTo }
  if (session?.acr === 'urn:parley:1fa' && hasGivenPassword(session, parts.clock.now()))
    return { kind: 'redirect', to: withWish(nextStep(parts, session), wish) }
  return signInPage(parts, visit, {})
}

/** POST /login: the password, and on to the second factor. */
export async function submitPassword(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const email = visit.form.get('email') ?? ''
  const password = visit.form.get('password') ?? ''
  const result = await signInWithPassword(parts, { email, password }, visit.request)
  const wish = readWish(visit.query)
  if (result.kind === 'in')
    return { kind: 'redirect', to: withWish(nextStep(parts, result.session), wish), cookies: [result.cookie] }
  return signInPage(parts, visit, { email, refusal: result, text: NO_MATCH })
}

/** POST /login/passkey, from the page of signing in and that of the second factor. */
export async function submitPasskey(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const result = await signInWithPasskey(parts, visit)
  if (result.kind === 'in')
    return { kind: 'redirect', to: readWish(visit.query).returnTo, cookies: [result.cookie] }
  return signInPage(parts, visit, { refusal: result, text: NO_PASSKEY })
}

/** GET /login/second-factor, after the password. */
export function showSecondFactor(parts: Parts, visit: Visit): PageAnswer {
  return secondFactorPage(parts, visit, undefined)
}

/** POST /login/second-factor: a code of the app, or a recovery code. */
export async function submitSecondFactor(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const session = parts.sessions.current(visit.request)
  const wish = readWish(visit.query)
  if (!session || !hasGivenPassword(session, parts.clock.now()))
    return { kind: 'redirect', to: withWish('/login', wish) }
  const code = visit.form.get('code') ?? visit.form.get('recovery') ?? ''
  const result = await proveSecondFactor(parts, { session, code }, visit.request)
  if (result.kind !== 'in') return secondFactorPage(parts, visit, result)
  const to = meets(result.session, wish, parts.clock.now()) ? wish.returnTo : withWish('/login', wish)
  return { kind: 'redirect', to, cookies: [result.cookie] }
}

function signInPage(
  parts: Parts,
  visit: Visit,
  before: { email?: string; refusal?: Exclude<SignIn, { kind: 'in' }>; text?: string },
): PageAnswer {
  const wish = readWish(visit.query)
  const session = parts.sessions.current(visit.request)
  const person =
    session && session.acr !== 'urn:parley:1fa' ? parts.directory.find(session.person) : undefined
  const refused = before.refusal && refusalOf(before.refusal, before.text ?? NO_MATCH)
  return {
    kind: 'page',
    status: refused?.status ?? 200,
    headers: refused?.headers ?? [],
    title: person ? 'Confirm that it is you' : 'Sign in',
    scripts: ['passkey.js'],
    body: html`<h1>${person ? 'Confirm that it is you' : 'Sign in'}</h1>
      <p class="lead">
        ${person ? html`You are signed in as <span class="strong">${person.email}</span>. ${reasonOf(wish)}` : 'Welcome back to Parley.'}
      </p>
      ${errorSummary(refused ? [{ text: refused.text }] : [])}
      ${waysIn(parts, visit, { person, email: before.email ?? '' })} ${person && signOutForm(visit)}`,
  }
}

/** A passkey and a password; to confirm with a passkey, that one alone. */
function waysIn(parts: Parts, visit: Visit, who: { person: Person | undefined; email: string }): Html {
  const wish = readWish(visit.query)
  const onlyPasskey = who.person !== undefined && wish.acr === 'urn:parley:passkey'
  if (who.person && onlyPasskey && parts.factors.passkeys(who.person.id).length === 0)
    return needsPasskey(wish)
  return html`${passkeySignInForm(visit, {
    action: withWish('/login/passkey', wish),
    options: parts.passkeys.requestOptions(visit.binding),
    label: who.person ? 'Confirm with a passkey' : 'Sign in with a passkey',
    autofill: true,
  })}
  ${onlyPasskey ? '' : passwordForm(visit, { wish, email: who.person?.email ?? who.email })}`
}

function passwordForm(visit: Visit, before: { wish: Wish; email: string }): Html {
  return html`<p class="or">or with your password</p>
    <form method="post" action="${withWish('/login', before.wish)}">
      ${visit.formField}
      ${field({ name: 'email', label: 'Email', type: 'email', value: before.email, autocomplete: 'username webauthn', maxLength: 254 })}
      ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' })}
      <button class="quiet full">Continue</button>
    </form>`
}

function secondFactorPage(
  parts: Parts,
  visit: Visit,
  refusal: Exclude<SignIn, { kind: 'in' }> | undefined,
): PageAnswer {
  const wish = readWish(visit.query)
  const { session } = whoIsHere(parts, visit)
  const refused = refusal && refusalOf(refusal, NO_CODE)
  const hasTotp = parts.factors.totp(session.person) !== undefined
  const hasPasskeys = parts.factors.passkeys(session.person).length > 0
  const action = withWish('/login/second-factor', wish)
  return {
    kind: 'page',
    status: refused?.status ?? 200,
    headers: refused?.headers ?? [],
    title: 'Second step',
    scripts: hasPasskeys ? ['passkey.js'] : [],
    body: html`<h1>One more step</h1>
      <p class="lead">Your password was right. Now show something that only you have.</p>
      ${errorSummary(refused ? [{ text: refused.text, ...(hasTotp ? { field: 'code' } : {}) }] : [])}
      ${hasTotp && codeForm(visit, action)} ${hasTotp && hasPasskeys && html`<p class="or">or</p>`}
      ${
        hasPasskeys &&
        passkeySignInForm(visit, {
          action: withWish('/login/passkey', wish),
          options: parts.passkeys.requestOptions(visit.binding),
          label: 'Use a passkey',
          autofill: false,
        })
      }
      ${parts.factors.unusedRecoveryCodes(session.person) > 0 && recoveryForm(visit, action)}
      ${signOutForm(visit)}`,
  }
}

function codeForm(visit: Visit, action: string): Html {
  return html`<form method="post" action="${action}">
    ${visit.formField}
    ${field({
      name: 'code',
      label: 'Code from your authenticator app',
      autocomplete: 'one-time-code',
      inputmode: 'numeric',
      maxLength: 9,
      hint: 'Six digits; a new one every 30 seconds.',
      isFocused: true,
    })}
    <button class="full">Continue</button>
  </form>`
}

function recoveryForm(visit: Visit, action: string): Html {
  return html`<details>
    <summary>Use a recovery code</summary>
    <form method="post" action="${action}">
      ${visit.formField}
      ${field({
        name: 'recovery',
        label: 'Recovery code',
        autocomplete: 'off',
        maxLength: 40,
        hint: 'One of the ten codes you saved. Each works once.',
      })}
      <button class="quiet full">Continue</button>
    </form>
  </details>`
}

export function signOutForm(visit: Visit): Html {
  return html`<details>
    <summary>Not you?</summary>
    <form method="post" action="/logout">${visit.formField}<button class="quiet full">Sign out</button></form>
  </details>`
}

function needsPasskey(wish: Wish): Html {
  return html`<div class="notice"><p>Your account has no passkey yet.</p></div>
    <a class="button full" href="${withWish('/account/passkeys/add', wish)}">Add one</a>`
}

function reasonOf(wish: Wish): string {
  if (wish.acr === 'urn:parley:passkey') return 'What you want to do needs a passkey.'
  return 'What you want to do needs a fresh proof.'
}

function refusalOf(
  refusal: Exclude<SignIn, { kind: 'in' }>,
  text: string,
): { status: number; headers: readonly string[]; text: string } {
  if (refusal.kind === 'refused') return { status: 401, headers: [], text }
  const minutes = Math.ceil(refusal.seconds / 60)
  const wait = refusal.seconds < 90 ? `${refusal.seconds} seconds` : `${minutes} minutes`
  return {
    status: 429,
    headers: ['retry-after', String(refusal.seconds)],
    text: `Too many tries. Wait ${wait}, then try again.`,
  }
}
