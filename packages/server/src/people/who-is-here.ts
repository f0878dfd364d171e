import { ParleyError } from '@parley/contract'
import type { Visit } from '../pages/index.ts'
import type { Parts } from './parts.ts'
import type { Person } from './people.ts'
import type { SessionRow } from './session-store.ts'

/** The person and session of a page that `admit` lets nobody else see; the session may have ended since. */
export function whoIsHere(parts: Parts, visit: Visit): { person: Person; session: SessionRow } {
  const session = parts.sessions.current(visit.request)
  const person = session && parts.directory.find(session.person)
  if (!session || !person)
    throw new ParleyError('unauthenticated', 'You are not signed in here any more. Load the page again.')
  return { person, session }
}
