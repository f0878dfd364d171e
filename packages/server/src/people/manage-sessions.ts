import { ParleyError } from '@parley/contract'
import type { Parts } from './parts.ts'
import type { PeopleManagement } from './people.ts'

/** Where people are signed in, as administrators see it. */
export function manageSessions(parts: Parts): Pick<PeopleManagement, 'sessions' | 'endSession'> {
  const { sessionStore, changes, clock } = parts
  return {
    sessions: (person) =>
      sessionStore
        .ofPerson(person)
        .filter(({ expiresAt }) => expiresAt > clock.now())
        .map(({ id, browser, acr, createdAt, lastUsedAt, expiresAt }) => ({
          id,
          browser,
          acr,
          createdAt,
          lastUsedAt,
          expiresAt,
        })),

    async endSession(person, session, by) {
      if (!sessionStore.ofPerson(person).some(({ id }) => id === session))
        throw new ParleyError('not_found', 'There is no such session.')
      const unit = [sessionStore.delete(person, session)]
      const ends = [{ kind: 'session', id: session } as const]
      await changes.commit(
        { action: 'session.end', by, note: session, unit, ends },
        'The session ended already.',
      )
    },
  }
}
