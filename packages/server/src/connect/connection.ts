import type { Id, PersonId } from '@parley/contract'
import type { Authorization, Tokens } from '../oauth-client/index.ts'

export type ConnectionId = Id<'connection'>

/** Whose calls it is for: one person's, or everybody's who has none of their own. */
export type Owner = PersonId | 'shared'

/** An MCP server that is reached over HTTP, as the registry knows it. Another URL is another id. */
export interface ServerRef {
  readonly id: string
  readonly name: string
  readonly url: string
}

/** A connection as it may be shown. */
export interface Connection {
  readonly id: ConnectionId
  readonly server: string
  readonly owner: Owner
  /** `reconnect`: only a person can go on. */
  readonly state: 'connected' | 'reconnect'
  readonly issuer: string
  readonly clientId: string
  /** As granted. */
  readonly scope: string | null
  readonly expiresAt: number | null
  readonly version: number
  readonly createdAt: number
  readonly changedAt: number
}

/** What is sealed of it. */
export interface ConnectionSecret extends Pick<Authorization, 'server' | 'client' | 'resource'> {
  readonly tokens: Tokens
  /** When these tokens were issued. */
  readonly issuedAt: number
  /** What was asked for, which may be more than was granted. */
  readonly asked: string | undefined
}
