import type { IncomingMessage } from 'node:http'
import type { Acr, PersonId, SessionId } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { PageKit } from '../pages/index.ts'
import type { Statement, Store } from '../store/index.ts'
import { describeBrowser } from './describe-browser.ts'
import { hashSecret, newSecret } from './secrets.ts'
import type { SessionRow, SessionStore } from './session-store.ts'

/** What a person has just shown. */
export interface Proof {
  readonly acr: Acr
  readonly amr: readonly string[]
}

/** A session that begins or goes on under a new cookie, once its unit is on disk. */
export interface Opened {
  readonly session: SessionRow
  readonly cookie: string
  readonly unit: readonly Statement[]
}

/** A password alone leads to the second factor, and no further. */
const PASSWORD_ONLY_MS = 15 * 60_000
const LIFETIME_MS = 7 * 86_400_000
const IDLE_MS = 24 * 3_600_000
/** `last_used_at` is not written more often. */
const TOUCH_MS = 60_000
const PER_PERSON = 50

/** Who is signed in where. The cookie is 256 random bits, kept as its hash; every proof puts a new one in its place. */
export class Sessions {
  readonly #tools: {
    readonly store: Store
    readonly sessions: SessionStore
    readonly clock: Clock
    readonly random: Random
    readonly newId: NewId
    readonly kit: PageKit
    readonly onError: (error: unknown) => void
  }

  constructor(tools: {
    readonly store: Store
    readonly sessions: SessionStore
    readonly clock: Clock
    readonly random: Random
    readonly newId: NewId
    readonly kit: PageKit
    readonly onError: (error: unknown) => void
  }) {
    this.#tools = tools
  }

  /** The session of a request, also one that has only given a password. */
  current(request: IncomingMessage): SessionRow | undefined {
    const { kit, sessions, clock, store, onError } = this.#tools
    const secret = kit.cookie(request, 'session')
    if (secret === undefined) return undefined
    const session = sessions.byHash(hashSecret(secret))
    const now = clock.now()
    if (!session || session.expiresAt <= now || session.lastUsedAt + IDLE_MS <= now) return undefined
    if (session.lastUsedAt + TOUCH_MS <= now) store.submit([sessions.touch(session.id, now)]).catch(onError)
    return session
  }

  open(person: PersonId, proof: Proof, request: IncomingMessage): Opened {
    const { sessions, clock, random, newId } = this.#tools
    const now = clock.now()
    const secret = newSecret(random)
    const session: SessionRow = {
      id: newId('session'),
      person,
      hash: secret.hash,
      ...proof,
      authTime: Math.floor(now / 1000),
      passwordAt: proof.amr.includes('pwd') ? now : 0,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + lifetimeMs(proof.acr),
      browser: describeBrowser(request.headers['user-agent']),
    }
    return {
      session,
      cookie: this.#cookie(secret.text, session),
      unit: [...sessions.prune(person, { now, keep: PER_PERSON - 1 }), sessions.insert(session)],
    }
  }

  /** The same session after a proof, under a new cookie. */
  prove(old: SessionRow, proof: Proof): Opened {
    const now = this.#tools.clock.now()
    return this.#replace(old, {
      ...proof,
      authTime: Math.floor(now / 1000),
      passwordAt: 0,
      expiresAt: now + lifetimeMs(proof.acr),
    })
  }

  /** The same session after its password was given again; how sure we are does not change by that alone. */
  notePassword(old: SessionRow): Opened {
    return this.#replace(old, { passwordAt: this.#tools.clock.now() })
  }

  /** The same session under a new cookie, for a change of what the account is protected by. */
  rotate(old: SessionRow): Opened {
    return this.#replace(old, {})
  }

  /** Takes the cookie away. */
  noCookie(): string {
    return this.#tools.kit.setCookie('session', '')
  }

  othersOf(session: SessionRow): SessionId[] {
    return this.#tools.sessions.ofPerson(session.person).flatMap(({ id }) => (id === session.id ? [] : [id]))
  }

  #replace(old: SessionRow, changes: Partial<SessionRow>): Opened {
    const { sessions, clock, random } = this.#tools
    const secret = newSecret(random)
    const session = { ...old, ...changes, hash: secret.hash, lastUsedAt: clock.now() }
    return { session, cookie: this.#cookie(secret.text, session), unit: [sessions.replace(old, session)] }
  }

  #cookie(secret: string, session: SessionRow): string {
    const seconds = Math.ceil((session.expiresAt - this.#tools.clock.now()) / 1000)
    return this.#tools.kit.setCookie('session', secret, seconds)
  }
}

function lifetimeMs(acr: Acr): number {
  return acr === 'urn:parley:1fa' ? PASSWORD_ONLY_MS : LIFETIME_MS
}
