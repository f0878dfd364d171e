import type { AppRow } from './client-store.ts'
import type { App } from './clients.ts'

/** An app as other rooms know it. Only the host of a metadata document vouches for anything. */
export function toApp(row: AppRow): App {
  return {
    id: row.id,
    clientId: row.clientId,
    name: row.metadata.client_name,
    source: row.source,
    verifiedHost: row.source === 'cimd' ? new URL(row.clientId).host : null,
    state: row.state,
    redirectUris: row.metadata.redirect_uris,
    authMethod: row.metadata.token_endpoint_auth_method,
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
  }
}
