import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { PageKit } from '../pages/index.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Attempts } from './attempts.ts'
import type { Changes } from './changes.ts'
import type { Directory } from './directory.ts'
import type { FactorStore } from './factor-store.ts'
import type { LinkStore } from './link-store.ts'
import type { Passkeys } from './passkeys.ts'
import type { Passwords } from './passwords.ts'
import type { PeopleOptions } from './people.ts'
import type { PresentationStore } from './presentation-store.ts'
import type { PeopleStore } from './people-store.ts'
import type { SessionStore } from './session-store.ts'
import type { Sessions } from './sessions.ts'

/** What the functions of this room work with; made once by `createPeople`. */
export interface Parts {
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly sealer: Sealer
  readonly kit: PageKit
  readonly people: PeopleStore
  readonly factors: FactorStore
  readonly presentation: PresentationStore
  readonly sessionStore: SessionStore
  readonly links: LinkStore
  readonly directory: Directory
  readonly changes: Changes
  readonly sessions: Sessions
  readonly passwords: Passwords
  readonly passkeys: Passkeys
  readonly attempts: Attempts
  readonly countActing: PeopleOptions['countActing']
  readonly hasConnections: boolean
  readonly trustedProxy: boolean
  readonly limits: PeopleOptions['limits']
}
