import type { ConnectionId, Principal } from '@parley/contract'
import type { Clock, Timer } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import type {
  Channel,
  ExchangeEvents,
  ServerNotification,
  Subscription,
  SubscriptionFilter,
} from '../upstream/index.ts'
import { callCredential, type CallCredential, type CredentialSources } from './call-credential.ts'

const IDLE_MS = 60_000

interface Pooled {
  readonly key: string
  readonly server: string
  readonly owner: Principal
  readonly channel: Channel
  readonly shared: boolean
  readonly isForTasks: boolean
  readonly connection: ConnectionId | undefined
  users: number
  idle: Timer | undefined
}

/** A legacy session lent for one call or subscription. */
export interface Lease {
  readonly channel: Channel
  release(): void
}

/** Whose session, and what its client can be asked. */
export interface LeaseTerms {
  readonly owner: Principal
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
  /**
   * For tasks: one session for all of the caller's, because a server may bind its tasks to the session that made them. What it sends
   * outside of any request goes here.
   */
  readonly tasks?: Partial<ExchangeEvents>
  /** One of before a restart, which its tasks are bound to. */
  readonly sessionId?: string | undefined
}

export interface FollowOptions {
  readonly owner: Principal
  readonly clientInfo: JsonObject
  readonly filter: SubscriptionFilter
  readonly onNotification: (notification: ServerNotification) => void
  /** Ends it. */
  readonly signal: AbortSignal
}

interface Follower extends FollowOptions {
  readonly server: string
}

/**
 * Legacy sessions for modern clients, who have none. A session belongs to one caller and one set of client
 * capabilities. When the client can be asked things back, a call has its session to itself, so that a question of the
 * upstream can only belong to that call. Idle sessions are closed after a minute.
 */
export class SessionPool {
  readonly #clock: Clock
  readonly #sources: CredentialSources
  #sessions = new Set<Pooled>()
  #opening = new Map<string, Promise<Pooled>>()
  readonly #followers = new Set<Follower>()

  constructor(clock: Clock, sources: CredentialSources) {
    this.#clock = clock
    this.#sources = sources
  }

  async lease(entry: ServerEntry, terms: LeaseTerms, signal: AbortSignal): Promise<Lease> {
    const isForTasks = terms.tasks !== undefined
    const shared = isForTasks || Object.keys(terms.capabilities).length === 0
    const carried = await callCredential(this.#sources, entry, () => terms.owner)
    const { owner, capabilities } = terms
    const purpose = isForTasks ? (terms.sessionId ?? true) : false
    const key = JSON.stringify([entry.id, owner.subject, capabilities, carried.connection ?? null, purpose])
    const wanted = { key, shared, entry, terms, carried, signal }
    const session = this.#find(key, shared) ?? (await this.#open(wanted))
    session.idle?.cancel()
    session.users++
    return { channel: session.channel, release: () => this.#release(session) }
  }

  /**
   * Subscribes for a caller. Over stdio each session is a process of its own, with changes of its own: there all the
   * caller's sessions are followed, also those that open later.
   */
  async follow(entry: ServerEntry, options: FollowOptions): Promise<Subscription> {
    const { owner, clientInfo, filter, onNotification, signal } = options
    const lease = await this.lease(entry, { owner, clientInfo, capabilities: {} }, signal)
    try {
      const subscription = await lease.channel.subscribe(filter, onNotification, signal)
      const follower: Follower = { ...options, server: entry.id }
      if (entry.upstream.transport === 'stdio') await this.#followAll(follower, lease.channel)
      void subscription.ended.then(() => {
        this.#followers.delete(follower)
        lease.release()
      })
      return subscription
    } catch (error) {
      lease.release()
      throw error
    }
  }

  /** Closes the sessions of callers that are meant. */
  cut(isMeant: (principal: Principal) => boolean): void {
    this.#end(({ owner }) => isMeant(owner))
  }

  /** Closes what was opened with a connection that has ended. */
  dropConnection(id: ConnectionId): void {
    this.#end(({ connection }) => connection === id)
  }

  #end(isMeant: (session: Pooled) => boolean): void {
    for (const session of this.#sessions) {
      if (!isMeant(session)) continue
      this.#sessions.delete(session)
      session.idle?.cancel()
      void session.channel.close()
    }
  }

  async close(): Promise<void> {
    // What runs at a server goes on, and is found again after the start.
    for (const { channel, isForTasks } of this.#sessions)
      if (isForTasks && channel.info.capabilities['tasks'] !== undefined) channel.abandon?.()
    await Promise.allSettled([...this.#sessions].map((session) => session.channel.close()))
    this.#sessions.clear()
  }

  #find(key: string, shared: boolean): Pooled | undefined {
    for (const session of this.#sessions) {
      if (session.key === key && !session.channel.closed && (shared || session.users === 0)) return session
    }
    return undefined
  }

  /** Shared sessions are opened once, however many calls wait for it. */
  #open(wanted: Wanted): Promise<Pooled> {
    const { key, shared } = wanted
    const waiting = shared ? this.#opening.get(key) : undefined
    if (waiting) return waiting
    const opening = this.#openNew(wanted)
    if (shared) {
      this.#opening.set(key, opening)
      const forget = () => void this.#opening.delete(key)
      opening.then(forget, forget)
    }
    return opening
  }

  async #openNew({ key, shared, entry, terms, carried, signal }: Wanted): Promise<Pooled> {
    const { owner, tasks, ...own } = terms
    const { credential, connection } = carried
    const channel = await entry.upstream.openSession({ ...own, credential }, signal)
    // Some servers put the questions of a call on the session's own stream, which must be there by then.
    if (tasks || !shared) await channel.setSessionEvents(tasks ?? {})
    const isForTasks = tasks !== undefined
    const kept = { key, server: entry.id, owner, channel, shared, isForTasks, connection }
    const session: Pooled = { ...kept, users: 0, idle: undefined }
    this.#sessions.add(session)
    const followers = [...this.#followers].filter(
      (follower) => follower.server === entry.id && follower.owner.subject === owner.subject,
    )
    await Promise.all(followers.map((follower) => followOn(channel, follower)))
    return session
  }

  async #followAll(follower: Follower, except: Channel): Promise<void> {
    this.#followers.add(follower)
    const others = [...this.#sessions].filter(
      ({ server, owner, channel }) =>
        server === follower.server &&
        owner.subject === follower.owner.subject &&
        channel !== except &&
        !channel.closed,
    )
    await Promise.all(others.map(({ channel }) => followOn(channel, follower)))
  }

  #release(session: Pooled): void {
    session.users--
    if (session.users > 0) return
    session.idle = this.#clock.setTimeout(
      () => {
        if (session.users > 0) return
        this.#sessions.delete(session)
        void session.channel.close()
      },
      session.channel.closed ? 0 : IDLE_MS,
    )
  }
}

interface Wanted {
  readonly key: string
  readonly shared: boolean
  readonly entry: ServerEntry
  readonly terms: LeaseTerms
  readonly carried: CallCredential
  readonly signal: AbortSignal
}

async function followOn(channel: Channel, { filter, onNotification, signal }: Follower): Promise<void> {
  try {
    await channel.subscribe(filter, onNotification, signal)
  } catch (error) {
    // A session that is lost is not followed; whoever called on it hears of that there.
    if (!channel.closed && !signal.aborted) throw error
  }
}
