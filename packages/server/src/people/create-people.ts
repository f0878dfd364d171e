import type { IncomingMessage } from 'node:http'
import { createPageHandler } from '../pages/index.ts'
import { admit } from './admit.ts'
import { Attempts } from './attempts.ts'
import { Challenges } from './challenges.ts'
import { Changes, NOBODY } from './changes.ts'
import { meets, toWish, withWish } from './demand.ts'
import { Directory } from './directory.ts'
import { FactorStore } from './factor-store.ts'
import { LinkStore } from './link-store.ts'
import { newLink } from './links.ts'
import { managePeople } from './manage-people.ts'
import type { Parts } from './parts.ts'
import { Passkeys } from './passkeys.ts'
import { Passwords } from './passwords.ts'
import type { BrowserSession, People, PeopleOptions } from './people.ts'
import { PresentationStore } from './presentation-store.ts'
import { setPresentation } from './presentation-pages.ts'
import { PeopleStore } from './people-store.ts'
import { peopleRoutes, SEGMENTS } from './routes.ts'
import type { SessionRow } from './session-store.ts'
import { SessionStore } from './session-store.ts'
import { Sessions } from './sessions.ts'

/** Nothing runs until a request or a change comes. */
export function createPeople(options: PeopleOptions): People {
  const parts = createParts(options)
  const { directory, sessions, clock, kit } = parts
  const handle = createPageHandler(peopleRoutes(parts), {
    kit,
    admit: (need, visit) => admit(parts, need, visit),
    onError: options.onError,
  })

  /** With less than two factors nobody is signed in (C6). */
  function full(request: IncomingMessage): SessionRow | undefined {
    const session = sessions.current(request)
    return session && session.acr !== 'urn:parley:1fa' ? session : undefined
  }

  return {
    find: (id) => directory.find(id),
    get version() {
      return directory.version
    },
    management: managePeople(parts),
    presentation: {
      of: (person) => parts.presentation.find(person),
      set: (person, needs, by) => setPresentation(parts, { person, needs }, by),
    },
    handlers: Object.fromEntries(SEGMENTS.map((segment) => [segment, handle])),
    openSetup: () => openSetup(parts),
    signedIn(request) {
      const session = full(request)
      return session && toBrowserSession(session)
    },
    meets: (session, demand) => meets(session, toWish({ ...demand, returnTo: '' }), clock.now()),
    requireSession(request, response, demand) {
      const wish = toWish(demand)
      const session = full(request)
      if (session && meets(session, wish, clock.now())) return toBrowserSession(session)
      kit.redirect(response, withWish('/login', wish))
      return undefined
    },
  }
}

async function openSetup(parts: Parts): Promise<string | undefined> {
  if (parts.people.hasAdministrator()) return undefined
  const about = { kind: 'setup', email: '', roles: ['admin'], groups: [], person: null } as const
  const { link, unit } = newLink(parts, { ...about, dropFactors: false })
  const change = { action: 'setup.open', by: NOBODY, note: 'link for the first administrator', unit }
  await parts.changes.commit(change, 'The setup link could not be made.')
  return link.url
}

function createParts(options: PeopleOptions): Parts {
  const { store, clock, random, newId, sealer, pages: kit, onError } = options
  const people = new PeopleStore(store)
  const factors = new FactorStore(store)
  const sessionStore = new SessionStore(store)
  const directory = new Directory(store, people)
  const challenges = new Challenges({ key: sealer.derive('webauthn challenges'), clock, random })
  return {
    clock,
    random,
    newId,
    sealer,
    kit,
    people,
    factors,
    presentation: new PresentationStore(store, sealer),
    sessionStore,
    directory,
    links: new LinkStore(store),
    changes: new Changes({ ...options, directory }),
    sessions: new Sessions({ store, sessions: sessionStore, clock, random, newId, kit, onError }),
    passwords: new Passwords(random),
    passkeys: new Passkeys({
      store: factors,
      challenges,
      clock,
      origin: () => kit.origin,
      handleOf: (person) => people.handle(person),
    }),
    attempts: new Attempts(clock),
    countActing: options.countActing,
    hasConnections: options.hasConnections,
    trustedProxy: options.trustedProxy,
    limits: options.limits,
  }
}

function toBrowserSession({ id, person, acr, amr, authTime }: SessionRow): BrowserSession {
  return { id, person, acr, amr, authTime }
}
