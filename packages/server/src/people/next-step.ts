import type { Parts } from './parts.ts'
import type { SessionRow } from './session-store.ts'

/**
 * Where a password leads: to the second factor, or for a person who has none yet, to setting one up. Never anywhere else, and
 * never to setting one up beside an existing one: a stolen password must not be able to add its own.
 */
export function nextStep(parts: Parts, session: SessionRow): '/login/second-factor' | '/login/enrol' {
  return hasSecondFactor(parts, session) ? '/login/second-factor' : '/login/enrol'
}

export function hasSecondFactor({ factors }: Parts, { person }: Pick<SessionRow, 'person'>): boolean {
  return factors.totp(person) !== undefined || factors.passkeys(person).length > 0
}
