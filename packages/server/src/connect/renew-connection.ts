import type { Clock } from '../lib/clock.ts'
import { refreshTokens, type OAuthHttp } from '../oauth-client/index.ts'
import type { Store } from '../store/index.ts'
import type { Connection, ConnectionSecret, Renewal } from '../vault/index.ts'
import { lifetimeOf, toGrant, toSecret, type ServerRef } from './connection-grant.ts'
import type { OAuthClientStore } from './oauth-client-store.ts'

export interface RenewTools {
  readonly store: Store
  readonly clock: Clock
  readonly clients: OAuthClientStore
  readonly httpFor: (server: ServerRef) => OAuthHttp
  readonly findServer: (id: string) => ServerRef | undefined
}

/** New tokens for a connection, from the authorization server that gave the ones before, and from no other. */
export async function renewConnection(
  tools: RenewTools,
  connection: Connection,
  secret: ConnectionSecret,
): Promise<Renewal> {
  const { httpFor, findServer, clock, clients, store } = tools
  const server = findServer(connection.server)
  const grant = toGrant(secret)
  const { refreshToken } = grant.tokens
  if (!server || refreshToken === undefined) return { kind: 'refused', reason: 'there is no refresh token' }
  const peers = { http: httpFor(server), server: grant.server, client: grant.client, now: clock.now() }
  const outcome = await refreshTokens(peers, {
    tokens: { ...grant.tokens, refreshToken },
    resource: grant.resource,
  })
  if (outcome.kind === 'tokens') {
    const renewed = { ...grant, tokens: outcome.tokens }
    return { kind: 'renewed', secret: toSecret(renewed), ...lifetimeOf(renewed) }
  }
  // The authorization server knows this client no more: the next way there begins with another.
  if (outcome.error === 'invalid_client') await store.submit([clients.forget(server.id, grant.client)])
  return { kind: 'refused', reason: `the authorization server refused to renew it: ${outcome.error}` }
}
