import type { Clock, Timer } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { Channel } from '../upstream/index.ts'

const IDLE_MS = 60_000

interface Pooled {
  readonly key: string
  readonly channel: Channel
  readonly shared: boolean
  users: number
  idle: Timer | undefined
}

/** A legacy session lent for one call or subscription. */
export interface Lease {
  readonly channel: Channel
  release(): void
}

/**
 * Legacy sessions for modern clients, who have none. A session belongs to one caller and one set of client
 * capabilities. When the client can be asked things back, a call has its session to itself, so that a question of the
 * upstream can only belong to that call. Idle sessions are closed after a minute.
 */
export class SessionPool {
  readonly #clock: Clock
  #sessions = new Set<Pooled>()
  #opening = new Map<string, Promise<Pooled>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async lease(
    entry: ServerEntry,
    subject: string,
    terms: { readonly capabilities: JsonObject; readonly clientInfo: JsonObject },
    signal: AbortSignal,
  ): Promise<Lease> {
    const shared = Object.keys(terms.capabilities).length === 0
    const key = JSON.stringify([entry.id, subject, terms.capabilities])
    const found = [...this.#sessions].find(
      (session) => session.key === key && !session.channel.closed && (shared || session.users === 0),
    )
    const session = found ?? (await this.#open(key, shared, () => entry.upstream.openSession(terms, signal)))
    session.idle?.cancel()
    session.users++
    return { channel: session.channel, release: () => this.#release(session) }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#sessions].map((session) => session.channel.close()))
    this.#sessions.clear()
  }

  /** Shared sessions are opened once, however many calls wait for it. */
  #open(key: string, shared: boolean, open: () => Promise<Channel>): Promise<Pooled> {
    const waiting = shared ? this.#opening.get(key) : undefined
    if (waiting) return waiting
    const opening = open().then(async (channel) => {
      // Some servers put the questions of a call on the session's own stream, which must be there by then.
      if (!shared) await channel.setSessionEvents({})
      const session: Pooled = { key, channel, shared, users: 0, idle: undefined }
      this.#sessions.add(session)
      return session
    })
    if (shared) {
      this.#opening.set(key, opening)
      const forget = () => void this.#opening.delete(key)
      opening.then(forget, forget)
    }
    return opening
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
