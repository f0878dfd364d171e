import type { PageAnswer, Visit } from '../pages/index.ts'
import { meets, readWish, toWish, withWish, type Wish } from './demand.ts'
import { hasSecondFactor, nextStep } from './next-step.ts'
import type { Parts } from './parts.ts'
import { hasGivenPassword } from './sign-in.ts'

/**
 * Who may come to a page. `password`: who has just given theirs; `newcomer`: the same, having no second factor yet;
 * `person`: two factors or a passkey; `fresh`: that within five minutes.
 */
export type Need = 'anyone' | 'password' | 'newcomer' | 'person' | 'fresh'

const FRESH_SECONDS = 300

export function admit(parts: Parts, need: Need, visit: Visit): PageAnswer | undefined {
  if (need === 'anyone') return undefined
  const session = parts.sessions.current(visit.request)
  const now = parts.clock.now()
  if (need === 'password' || need === 'newcomer') {
    const wish = readWish(visit.query)
    if (!session || !hasGivenPassword(session, now)) return { kind: 'redirect', to: withWish('/login', wish) }
    const isHere = need === 'password' ? hasSecondFactor(parts, session) : isNewcomer(parts, session)
    return isHere ? undefined : { kind: 'redirect', to: withWish(nextOf(parts, session, wish), wish) }
  }
  const wish = toWish({
    returnTo: visit.request.method === 'POST' ? '/account' : (visit.request.url ?? ''),
    maxAgeSeconds: need === 'fresh' ? FRESH_SECONDS : undefined,
  })
  if (session && meets(session, wish, now)) return undefined
  return { kind: 'redirect', to: withWish('/login', wish) }
}

type Session = NonNullable<ReturnType<Parts['sessions']['current']>>

/** Also a session of two factors proves nothing here: it manages its factors on the account page. */
function isNewcomer(parts: Parts, session: Session): boolean {
  return session.acr === 'urn:parley:1fa' && !hasSecondFactor(parts, session)
}

function nextOf(parts: Parts, session: Session, wish: Wish): string {
  return session.acr === 'urn:parley:1fa' ? nextStep(parts, session) : wish.returnTo
}
