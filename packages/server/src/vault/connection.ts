import type { ConnectionId, PersonId } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'

/** Lower-case header names with their values. */
export type CredentialHeaders = Readonly<Record<string, string>>

/** Someone's credential at a server, without the secret. One for each owner and server. */
export interface Connection {
  readonly id: ConnectionId
  readonly server: string
  /** Null for the hub's own, which all use who may call the server. */
  readonly person: PersonId | null
  /** `headers`: fixed headers, an API key among them. `oauth`: tokens that an authorization server issued. */
  readonly kind: 'headers' | 'oauth'
  readonly issuer: string | null
  readonly account: string | null
  /** `reconnect`: it works no more, and only its owner can mend it. */
  readonly state: 'connected' | 'reconnect'
  /** Counts the secrets that it had. */
  readonly version: number
  /** Whether it can be renewed without its owner. */
  readonly renews: boolean
  readonly expiresAt: number | null
  readonly createdAt: number
  readonly createdBy: string
  readonly usedAt: number | null
}

/** What is sealed: what goes on each call, and what only the keeper of that kind of connection reads. */
export interface ConnectionSecret {
  readonly headers: CredentialHeaders
  readonly more?: JsonObject
}

/** Whose connection a call takes. `own`: each person's; the shared one then reads definitions and nothing else. */
export type OwnerRule = 'shared' | 'own' | 'either'

/** How a connection stands, in the words that its owner sees. */
export type ConnectionState = 'connected' | 'expiring' | 'reconnect'

const EXPIRING_MS = 24 * 60 * 60_000

export function stateOf(connection: Connection, now: number): ConnectionState {
  const { state, renews, expiresAt } = connection
  if (state === 'reconnect') return 'reconnect'
  if (renews || expiresAt === null) return 'connected'
  if (expiresAt <= now) return 'reconnect'
  return expiresAt - now < EXPIRING_MS ? 'expiring' : 'connected'
}
