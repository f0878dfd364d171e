import type { Authorization, Tokens } from '../oauth-client/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { ConnectionSecret, NewConnection } from '../vault/index.ts'

/** Whose calls it is for: one person's (their id), or everybody's who has none of their own (null). */
export type Owner = NewConnection['person']

/** An MCP server that is reached over HTTP, as the registry knows it. Another URL is another id. */
export interface ServerRef {
  readonly id: string
  readonly name: string
  readonly url: string
}

/** What is kept of an authorization, sealed, beside what goes on each call. */
export interface ConnectionGrant extends Pick<Authorization, 'server' | 'client' | 'resource'> {
  readonly tokens: Tokens
  /** What was asked for, which may be more than was granted. */
  readonly asked: string | undefined
}

/** RFC 6750 §2.1: in the header, at the server that it was issued for. */
export function toSecret(grant: ConnectionGrant): ConnectionSecret {
  return {
    headers: { authorization: `Bearer ${grant.tokens.accessToken}` },
    more: grant as unknown as JsonObject,
  }
}

export function toGrant({ more }: ConnectionSecret): ConnectionGrant {
  return more as unknown as ConnectionGrant
}

/** How long it lasts, and whether it can go on without its person. */
export function lifetimeOf({ tokens }: ConnectionGrant): Pick<NewConnection, 'expiresAt' | 'renews'> {
  return { expiresAt: tokens.expiresAt ?? null, renews: tokens.refreshToken !== undefined }
}
