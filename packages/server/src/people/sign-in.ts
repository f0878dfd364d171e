import type { IncomingMessage } from 'node:http'
import type { Visit } from '../pages/index.ts'
import { clientAddress } from './client-address.ts'
import { self } from './changes.ts'
import type { Attempt, AttemptRule } from './attempts.ts'
import type { Parts } from './parts.ts'
import type { Person } from './people.ts'
import { hashRecoveryCode, looksLikeRecoveryCode } from './recovery-codes.ts'
import type { SessionRow } from './session-store.ts'
import type { Opened, Proof } from './sessions.ts'
import type { Statement } from '../store/index.ts'
import { findTotpStep } from './totp.ts'

export type SignIn =
  | { readonly kind: 'in'; readonly cookie: string; readonly session: SessionRow }
  /** One answer for every reason: nobody learns which addresses have accounts (C9). */
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly seconds: number }

const ACCOUNT: AttemptRule = {
  free: 5,
  firstWaitSeconds: 30,
  longestWaitSeconds: 900,
  onSuccess: 'forget',
}
const SECOND_FACTOR: AttemptRule = {
  free: 5,
  firstWaitSeconds: 60,
  longestWaitSeconds: 3600,
  onSuccess: 'forget',
}
const ADDRESS: AttemptRule = {
  free: 30,
  firstWaitSeconds: 30,
  longestWaitSeconds: 900,
  onSuccess: 'uncount',
}

/** How long a password counts as given while the second factor is looked for. */
const PASSWORD_COUNTS_MS = 10 * 60_000

const PASSWORD: Proof = { acr: 'urn:parley:1fa', amr: ['pwd'] }

/** The first of two factors: the session it begins leads to the second, and no further (C6). */
export async function signInWithPassword(
  parts: Parts,
  given: { readonly email: string; readonly password: string },
  request: IncomingMessage,
): Promise<SignIn> {
  // Whoever finds no room has not tried.
  parts.passwords.checkRoom()
  const email = given.email.trim().toLowerCase()
  const attempt = begin(parts, { key: `account ${email}`, rule: ACCOUNT }, request)
  if (attempt.kind === 'wait') return attempt
  const person = parts.people.personByEmail(email)
  const stored = person?.state === 'active' ? parts.people.password(person.id) : null
  // Also when there is nothing to match: the same work takes the same time.
  const matches = await parts.passwords.matches(given.password, stored)
  if (!person || !matches) {
    parts.changes.refuse('session.refuse', person, 'password')
    return { kind: 'refused' }
  }
  attempt.succeeded()
  const current = parts.sessions.current(request)
  const opened =
    current?.person === person.id
      ? parts.sessions.notePassword(current)
      : parts.sessions.open(person.id, PASSWORD, request)
  return finish(parts, person, { opened, current, note: 'password' })
}

/** Both factors at once: something the person has, unlocked by what they know or are. */
export async function signInWithPasskey(parts: Parts, visit: Visit): Promise<SignIn> {
  const attempt = begin(parts, undefined, visit.request)
  if (attempt.kind === 'wait') return attempt
  const proven = await parts.passkeys.verifyUse(visit.form.get('credential'), visit.binding)
  const person = proven && parts.directory.find(proven.passkey.person)
  if (!proven || person?.state !== 'active') {
    parts.changes.refuse('session.refuse', person, 'passkey')
    return { kind: 'refused' }
  }
  const current = parts.sessions.current(visit.request)
  const proof = passkeyProof(proven.passkey.isSynced)
  const opened =
    current?.person === person.id
      ? parts.sessions.prove(current, proof)
      : parts.sessions.open(person.id, proof, visit.request)
  const used = parts.factors.usePasskey(proven.passkey.id, proven.counter, parts.clock.now())
  const result = await finish(parts, person, { opened, current, note: 'passkey', use: used })
  if (result.kind === 'in') attempt.succeeded()
  return result
}

/** The second factor after the password: a code of the authenticator app, or a recovery code; each works once (C7). */
export async function proveSecondFactor(
  parts: Parts,
  given: { readonly session: SessionRow; readonly code: string },
  request: IncomingMessage,
): Promise<SignIn> {
  const { session, code } = given
  const attempt = begin(parts, { key: `second ${session.person}`, rule: SECOND_FACTOR }, request)
  if (attempt.kind === 'wait') return attempt
  const person = parts.directory.find(session.person)
  const use =
    person && hasGivenPassword(session, parts.clock.now()) ? useOfCode(parts, person, code) : undefined
  if (!person || !use) {
    parts.changes.refuse('session.refuse', person, 'second factor')
    return { kind: 'refused' }
  }
  // Also in a session that began with a passkey: its level is what was shown last.
  const opened = parts.sessions.prove(session, { acr: 'urn:parley:2fa', amr: use.amr })
  const result = await finish(parts, person, { opened, current: session, note: use.note, use: use.statement })
  if (result.kind === 'in') attempt.succeeded()
  return result
}

/** Whether the password was given in this session a moment ago. */
export function hasGivenPassword(session: SessionRow, nowMs: number): boolean {
  return session.passwordAt + PASSWORD_COUNTS_MS > nowMs
}

/** RFC 8176: where the key is kept, that somebody was there, and that two factors were shown. */
export function passkeyProof(isSynced: boolean): Proof {
  return { acr: 'urn:parley:passkey', amr: [isSynced ? 'swk' : 'hwk', 'user', 'mfa'] }
}

function begin(
  parts: Parts,
  account: { readonly key: string; readonly rule: AttemptRule } | undefined,
  request: IncomingMessage,
): Attempt {
  const address = clientAddress(request, parts.trustedProxy)
  const fromAddress = address === undefined ? NO_LIMIT : parts.attempts.begin(`address ${address}`, ADDRESS)
  if (fromAddress.kind === 'wait' || !account) return fromAddress
  const ofAccount = parts.attempts.begin(account.key, account.rule)
  if (ofAccount.kind === 'wait') return ofAccount
  return {
    kind: 'go',
    succeeded() {
      fromAddress.succeeded()
      ofAccount.succeeded()
    },
  }
}

const NO_LIMIT: Attempt = { kind: 'go', succeeded: () => undefined }

/** What marks the code as used; undefined when it is none of theirs. */
function useOfCode(
  { factors, sealer, clock }: Parts,
  person: Person,
  code: string,
): { statement: Statement; amr: readonly string[]; note: string } | undefined {
  const now = clock.now()
  if (looksLikeRecoveryCode(code)) {
    const statement = factors.useRecoveryCode(person.id, hashRecoveryCode(code), now)
    return { statement, amr: ['pwd', 'mfa'], note: 'recovery code' }
  }
  const totp = factors.totp(person.id)
  if (!totp) return undefined
  const secret = sealer.open(totp.secret, { table: 'totp', column: 'secret', id: person.id })
  const step = findTotpStep(secret, code.replaceAll(/\s/g, ''), now)
  if (step === undefined || step <= totp.lastStep) return undefined
  return { statement: factors.useTotpStep(person.id, step), amr: ['pwd', 'otp', 'mfa'], note: 'code' }
}

/** One unit: the proof is used, the session begins or goes on, and another person's session in this browser ends. */
async function finish(
  parts: Parts,
  person: Person,
  how: { opened: Opened; current: SessionRow | undefined; note: string; use?: Statement },
): Promise<SignIn> {
  const { opened, current, note, use } = how
  const other = current && current.person !== person.id ? current : undefined
  const done = await parts.changes.attempt({
    action: 'session.start',
    by: self(person),
    note: `${note}, ${opened.session.browser}`,
    unit: [
      ...(use ? [use] : []),
      ...(other ? [parts.sessionStore.delete(other.person, other.id)] : []),
      ...opened.unit,
    ],
    ends: other ? [{ kind: 'session', id: other.id }] : [],
  })
  if (!done) {
    parts.changes.refuse('session.refuse', person, note)
    return { kind: 'refused' }
  }
  return { kind: 'in', cookie: opened.cookie, session: opened.session }
}
