import { ParleyError, isId } from '@parley/contract'
import { errorSummary, field, html, type PageAnswer, type Visit } from '../pages/index.ts'
import type { Statement } from '../store/index.ts'
import { self } from './changes.ts'
import type { Parts } from './parts.ts'
import { passwordFault } from './password-fault.ts'
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
import type { Opened } from './sessions.ts'
import { recoveryCodesPage } from './totp-pages.ts'
import { whoIsHere } from './who-is-here.ts'

const LAST_WAY = 'This is the only way into your account that is safe enough. Add another one first.'
const RACED = 'Something changed at the same moment. Look at your account and try again.'
const BACK: PageAnswer = { kind: 'redirect', to: '/account' }

/** POST /account/passkeys/remove. */
export async function removePasskey(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const { person } = whoIsHere(parts, visit)
  const id = visit.form.get('passkey') ?? ''
  const passkeys = parts.factors.passkeys(person.id)
  const passkey = passkeys.find((one) => one.id === id)
  if (!passkey) return BACK
  const hasOther = passkeys.length > 1 || hasPasswordAndApp(parts, person.id)
  if (!hasOther) throw new ParleyError('conflict', LAST_WAY)
  return change(parts, visit, {
    action: 'passkey.remove',
    note: passkey.name,
    unit: [parts.factors.deletePasskey(person.id, id), parts.factors.requireSafeWay(person.id)],
  })
}

/** POST /account/totp/remove: the recovery codes go with it, since they stand for it. */
export async function removeTotp(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const { person } = whoIsHere(parts, visit)
  if (parts.factors.passkeys(person.id).length === 0) throw new ParleyError('conflict', LAST_WAY)
  return change(parts, visit, {
    action: 'totp.remove',
    note: 'authenticator app and recovery codes',
    unit: [
      parts.factors.deleteTotp(person.id),
      ...parts.factors.saveRecoveryCodes(person.id, []),
      parts.factors.requireSafeWay(person.id),
    ],
  })
}

/** POST /account/recovery-codes: ten new ones; the old ones end. */
export async function renewRecoveryCodes(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const { person } = whoIsHere(parts, visit)
  if (!parts.factors.totp(person.id)) return BACK
  const codes = newRecoveryCodes(parts.random)
  const hashes = codes.map(hashRecoveryCode)
  const done = await change(parts, visit, {
    action: 'recovery-codes.renew',
    note: `${codes.length} codes`,
    unit: parts.factors.saveRecoveryCodes(person.id, hashes),
  })
  return { ...recoveryCodesPage(codes, '/account'), cookies: done.cookies ?? [] }
}

/** GET /account/password. */
export function showPassword(parts: Parts, visit: Visit, fault?: string): PageAnswer {
  const { person } = whoIsHere(parts, visit)
  return {
    kind: 'page',
    status: fault === undefined ? 200 : 400,
    title: 'Your password',
    body: html`<h1>Choose a password</h1>
      <p class="lead">You are signed out everywhere else when it changes.</p>
      ${errorSummary(fault === undefined ? [] : [{ field: 'password', text: fault }])}
      <form method="post" action="/account/password">
        ${visit.formField}<input
          type="email"
          name="email"
          value="${person.email}"
          autocomplete="username"
          hidden
        />
        ${field({
          name: 'password',
          label: 'New password',
          type: 'password',
          autocomplete: 'new-password',
          hint: 'At least 10 characters. A few unrelated words are good.',
          error: fault,
        })}
        <button class="full">Change it</button>
      </form>
      <p class="actions"><a href="/account">Back to your account</a></p>`,
  }
}

/** POST /account/password: whoever knew the old one is out. */
export async function submitNewPassword(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const { person } = whoIsHere(parts, visit)
  const password = visit.form.get('password') ?? ''
  const fault = passwordFault(password, person)
  if (fault !== undefined) return showPassword(parts, visit, fault)
  const phc = await parts.passwords.hash(password)
  const statement = parts.people.setPassword(person.id, phc)
  return change(parts, visit, {
    action: 'password.set',
    note: 'password',
    unit: [statement],
    endOthers: true,
  })
}

/** POST /account/sessions/end: signs one other browser out. */
export async function endSession(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const { person, session } = whoIsHere(parts, visit)
  const id = visit.form.get('session') ?? ''
  if (!isId('session', id) || !parts.sessions.othersOf(session).includes(id)) return BACK
  const unit = [parts.sessionStore.delete(person.id, id)]
  const ends = [{ kind: 'session', id } as const]
  await parts.changes.commit({ action: 'session.end', by: self(person), note: id, unit, ends }, RACED)
  return BACK
}

/** POST /account/sessions/end-others. */
export function endOtherSessions(parts: Parts, visit: Visit): Promise<PageAnswer> {
  return change(parts, visit, { action: 'session.end', note: 'all others', unit: [], endOthers: true })
}

/** POST /logout, for a session of any level; without one there is nothing to end. */
export async function signOut(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const session = parts.sessions.current(visit.request)
  const out: PageAnswer = { kind: 'redirect', to: '/login', cookies: [parts.sessions.noCookie()] }
  if (!session) return out
  await parts.changes.commit(
    {
      action: 'session.end',
      by: self({ id: session.person }),
      note: session.id,
      unit: [parts.sessionStore.delete(session.person, session.id)],
      ends: [{ kind: 'session', id: session.id }],
    },
    RACED,
  )
  return out
}

/** A change of the account: this browser goes on under a new cookie (C1). */
async function change(
  parts: Parts,
  visit: Visit,
  what: { action: string; note: string; unit: readonly Statement[]; endOthers?: boolean },
): Promise<PageAnswer & { kind: 'redirect' }> {
  const { person, session } = whoIsHere(parts, visit)
  const others = what.endOthers ? parts.sessions.othersOf(session) : []
  const opened: Opened = parts.sessions.rotate(session)
  await parts.changes.commit(
    {
      action: what.action,
      by: self(person),
      note: what.note,
      unit: [...what.unit, ...others.map((id) => parts.sessionStore.delete(person.id, id)), ...opened.unit],
      ends: others.map((id) => ({ kind: 'session', id })),
    },
    RACED,
  )
  return { kind: 'redirect', to: '/account', cookies: [opened.cookie] }
}

function hasPasswordAndApp(
  { people, factors }: Parts,
  id: Parameters<Parts['people']['password']>[0],
): boolean {
  return people.password(id) !== null && factors.totp(id) !== undefined
}
