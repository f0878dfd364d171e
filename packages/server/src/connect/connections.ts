import { toParleyError, type PersonId } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import { refreshTokens, type OAuthHttp } from '../oauth-client/index.ts'
import type { Store } from '../store/index.ts'
import type { ConnectionStore } from './connection-store.ts'
import type { Connection, ConnectionSecret, Owner, ServerRef } from './connection.ts'
import type { OAuthClientStore } from './oauth-client-store.ts'

/** What a call to a server takes along. */
export type Access =
  /** There is no connection, or its person has to connect again. */
  | { readonly kind: 'none'; readonly connection: Connection | undefined }
  | {
      readonly kind: 'token'
      readonly connection: Connection
      /** Asked at each request: tokens are renewed meanwhile. */
      readonly token: () => string
    }

export interface ConnectionTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly rows: ConnectionStore
  readonly clients: OAuthClientStore
  readonly httpFor: (server: ServerRef) => OAuthHttp
  readonly onError: (error: unknown) => void
}

interface Live {
  connection: Connection
  secret: ConnectionSecret
  renewing: Promise<void> | undefined
  /** Not before this after a failure. */
  retryAt: number
}

const MAX_LIVE = 10_000
/** Tokens are renewed in the last fifth of their life, five minutes before its end at the earliest. */
const AHEAD_SHARE = 0.2
const AHEAD_MS = 5 * 60_000
/** A token that ends within this is not sent any more. */
const MARGIN_MS = 5000
const RETRY_MS = 10_000

/** Connections as calls use them: opened once, renewed ahead of their end, one renewal at a time. */
export class Connections {
  readonly #tools: ConnectionTools
  readonly #live = new Map<string, Live | undefined>()

  constructor(tools: ConnectionTools) {
    this.#tools = tools
  }

  /** The person's own connection before the shared one. A promise only where a token has to be renewed first. */
  access(server: ServerRef, person: PersonId | undefined): Access | Promise<Access> {
    const own = person === undefined ? undefined : this.#find(server, person)
    const live = own ?? this.#find(server, 'shared')
    if (live?.connection.state !== 'connected') return { kind: 'none', connection: live?.connection }
    const now = this.#tools.clock.now()
    const { expiresAt } = live.secret.tokens
    if (expiresAt === undefined || now < renewFrom(live.secret)) return toAccess(live)
    const renewing = this.renew(server, live.connection)
    if (now < expiresAt - MARGIN_MS) return toAccess(live)
    return renewing.then(() => this.#now(server, live.connection.owner))
  }

  /** Renews the tokens now, however many ask; what that came to shows in the next `access`. */
  async renew(server: ServerRef, { owner }: Pick<Connection, 'owner'>): Promise<void> {
    const live = this.#find(server, owner)
    if (!live || live.connection.state !== 'connected') return
    if (live.retryAt > this.#tools.clock.now()) return
    live.renewing ??= this.#renew(server, live).finally(() => (live.renewing = undefined))
    await live.renewing
  }

  secretOf(server: ServerRef, owner: Owner): ConnectionSecret | undefined {
    return this.#find(server, owner)?.secret
  }

  /** Only the person can go on. */
  async lose(server: ServerRef, connection: Connection, why: string): Promise<void> {
    const { store, rows, clock } = this.#tools
    const record = this.#record('connection.lose', connection, `${server.name}: ${why}`)
    await store.submit([rows.lose(connection, clock.now()), record])
    this.forget(server.id, connection.owner)
  }

  forget(server: string, owner: Owner): void {
    this.#live.delete(keyOf(server, owner))
  }

  #now(server: ServerRef, owner: Owner): Access {
    const live = this.#find(server, owner)
    const ends = live?.secret.tokens.expiresAt
    const isGood = ends === undefined || ends > this.#tools.clock.now()
    if (live?.connection.state === 'connected' && isGood) return toAccess(live)
    return { kind: 'none', connection: live?.connection }
  }

  #find(server: ServerRef, owner: Owner): Live | undefined {
    const key = keyOf(server.id, owner)
    if (this.#live.has(key)) return this.#live.get(key)
    const connection = this.#tools.rows.find(server.id, owner)
    const secret = connection && this.#tools.rows.secret(connection.id)
    const live = secret && { connection, secret, renewing: undefined, retryAt: 0 }
    if (this.#live.size >= MAX_LIVE) this.#live.clear()
    this.#live.set(key, live)
    return live
  }

  async #renew(server: ServerRef, live: Live): Promise<void> {
    const { clock, httpFor, onError } = this.#tools
    const { connection, secret } = live
    const { refreshToken } = secret.tokens
    if (refreshToken === undefined) {
      const ends = secret.tokens.expiresAt ?? Infinity
      return ends > clock.now() ? undefined : this.lose(server, connection, 'its token has ended')
    }
    try {
      const peers = { http: httpFor(server), server: secret.server, client: secret.client, now: clock.now() }
      const outcome = await refreshTokens(peers, {
        tokens: { ...secret.tokens, refreshToken },
        resource: secret.resource,
      })
      if (outcome.kind === 'tokens')
        return await this.#keep(server, live, { ...secret, tokens: outcome.tokens, issuedAt: clock.now() })
      await this.#forgetLostClient(server, secret, outcome.error)
      await this.lose(server, connection, `the authorization server refused to renew it (${outcome.error})`)
    } catch (error) {
      // The authorization server may be back before the token ends.
      live.retryAt = clock.now() + RETRY_MS
      onError(toParleyError(error))
    }
  }

  /** On disk before it is used: the one before may be worth nothing any more. */
  async #keep(server: ServerRef, live: Live, secret: ConnectionSecret): Promise<void> {
    const { store, rows, clock } = this.#tools
    const { connection } = live
    const renewed = rows.renew(connection, secret, clock.now())
    const result = await store.submit([renewed, this.#record('connection.renew', connection, server.name)])
    // In a conflict it was connected anew, or ended, meanwhile.
    if (result.kind === 'conflict') return this.forget(server.id, connection.owner)
    live.secret = secret
    live.connection = { ...connection, version: connection.version + 1, changedAt: clock.now() }
  }

  async #forgetLostClient(server: ServerRef, { client }: ConnectionSecret, error: string): Promise<void> {
    if (error !== 'invalid_client') return
    await this.#tools.store.submit([this.#tools.clients.forget(server.id, client)])
  }

  #record(action: string, { owner }: Connection, note: string) {
    const subject = owner === 'shared' ? 'hub' : owner
    const happening = { action, subject, policies: ['builtin:connections'], note }
    return this.#tools.activity.statement(recordOf(this.#tools, happening))
  }
}

function toAccess(live: Live): Access {
  return { kind: 'token', connection: live.connection, token: () => live.secret.tokens.accessToken }
}

function renewFrom({ tokens: { expiresAt = Infinity }, issuedAt }: ConnectionSecret): number {
  return expiresAt - Math.min(AHEAD_MS, (expiresAt - issuedAt) * AHEAD_SHARE)
}

function keyOf(server: string, owner: Owner): string {
  return `${server} ${owner}`
}
