import type { PageAnswer, PageRoute, Visit } from '../pages/index.ts'
import {
  endOtherSessions,
  endSession,
  removePasskey,
  removeTotp,
  renewRecoveryCodes,
  showPassword,
  signOut,
  submitNewPassword,
} from './account-changes.ts'
import { showAccount } from './account-page.ts'
import type { Need } from './admit.ts'
import { readWish } from './demand.ts'
import { addPasskeyPage, showEnrol, submitNewPasskey } from './enrol-pages.ts'
import { showLink, submitLink } from './link-pages.ts'
import type { Parts } from './parts.ts'
import { showPresentation, submitPresentation } from './presentation-pages.ts'
import {
  showSecondFactor,
  showSignIn,
  submitPasskey,
  submitPassword,
  submitSecondFactor,
} from './sign-in-pages.ts'
import { showTotp, submitTotp } from './totp-pages.ts'

type Answer = (parts: Parts, visit: Visit) => PageAnswer | Promise<PageAnswer>

const wished = (visit: Visit) => readWish(visit.query).returnTo

/** Every page of this room, and who may come to it. */
const PAGES: readonly (readonly [PageRoute['method'], string, Need, Answer])[] = [
  ['GET', '/setup/:secret', 'anyone', (parts, visit) => showLink(parts, visit, 'setup')],
  ['POST', '/setup/:secret', 'anyone', (parts, visit) => submitLink(parts, visit, 'setup')],
  ['GET', '/invite/:secret', 'anyone', (parts, visit) => showLink(parts, visit, 'invite')],
  ['POST', '/invite/:secret', 'anyone', (parts, visit) => submitLink(parts, visit, 'invite')],
  ['GET', '/reset/:secret', 'anyone', (parts, visit) => showLink(parts, visit, 'reset')],
  ['POST', '/reset/:secret', 'anyone', (parts, visit) => submitLink(parts, visit, 'reset')],

  ['GET', '/login', 'anyone', showSignIn],
  ['POST', '/login', 'anyone', submitPassword],
  ['POST', '/login/passkey', 'anyone', submitPasskey],
  ['GET', '/login/second-factor', 'password', showSecondFactor],
  ['POST', '/login/second-factor', 'password', submitSecondFactor],
  ['GET', '/login/enrol', 'newcomer', showEnrol],
  ['POST', '/login/enrol/passkey', 'newcomer', submitNewPasskey],
  ['GET', '/login/enrol/totp', 'newcomer', showTotp],
  ['POST', '/login/enrol/totp', 'newcomer', (parts, visit) => submitTotp(parts, visit, wished(visit))],
  ['POST', '/logout', 'anyone', signOut],

  ['GET', '/account', 'person', showAccount],
  ['POST', '/account/sessions/end', 'person', endSession],
  ['POST', '/account/sessions/end-others', 'person', endOtherSessions],
  ['GET', '/account/presentation', 'person', showPresentation],
  ['POST', '/account/presentation', 'person', submitPresentation],
  ['GET', '/account/passkeys/add', 'fresh', addPasskeyPage],
  ['POST', '/account/passkeys/add', 'fresh', submitNewPasskey],
  ['POST', '/account/passkeys/remove', 'fresh', removePasskey],
  ['GET', '/account/totp', 'fresh', showTotp],
  ['POST', '/account/totp', 'fresh', (parts, visit) => submitTotp(parts, visit, '/account')],
  ['POST', '/account/totp/remove', 'fresh', removeTotp],
  ['POST', '/account/recovery-codes', 'fresh', renewRecoveryCodes],
  ['GET', '/account/password', 'fresh', showPassword],
  ['POST', '/account/password', 'fresh', submitNewPassword],
]

export const SEGMENTS = ['setup', 'invite', 'reset', 'login', 'logout', 'account'] as const

export function peopleRoutes(parts: Parts): PageRoute<Need>[] {
  return PAGES.map(([method, path, needs, answer]) => ({
    method,
    path,
    needs,
    // D12: a storm of sign-ins is refused at the least cost.
    ...(answer === submitPassword ? { checkRoom: () => parts.passwords.checkRoom() } : {}),
    answer: (visit) => answer(parts, visit),
  }))
}
