import type { ClientRegistration } from '../oauth-client/index.ts'
import type { SealedColumn, Sealer } from '../sealing/index.ts'
import type { Statement, Store } from '../store/index.ts'

/** Where registrations stand sealed. */
export const SEALED_OAUTH_CLIENTS: SealedColumn = {
  table: 'oauth_clients',
  column: 'sealed',
  key: 'id',
  place: 'id',
}

/** SQL of what the hub is to authorization servers of others. */
export class OAuthClientStore {
  readonly #store: Store
  readonly #sealer: Sealer

  constructor(store: Store, sealer: Sealer) {
    this.#store = store
    this.#sealer = sealer
  }

  /** All that is kept for a server, whichever issuers it is for. */
  ofServer(server: string): ClientRegistration[] {
    const rows = this.#store.all('SELECT id, sealed FROM oauth_clients WHERE server_id = ?', server)
    return rows.map(({ id, sealed }) => {
      const text = this.#sealer.open(sealed as Uint8Array, placeOf(String(id))).toString()
      return JSON.parse(text) as ClientRegistration
    })
  }

  /** In the place of the one before for the same issuer. */
  put(server: string, client: ClientRegistration, now: number): Statement {
    const { issuer, kind, clientId } = client
    const id = `${server} ${issuer} ${kind}`
    const sealed = this.#sealer.seal(JSON.stringify(client), placeOf(id))
    return {
      sql: `INSERT INTO oauth_clients (id, server_id, issuer, kind, client_id, sealed, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id)
        DO UPDATE SET client_id = excluded.client_id, sealed = excluded.sealed, created_at = excluded.created_at`,
      parameters: [id, server, issuer, kind, clientId, sealed, now],
    }
  }

  removeGiven(server: string): Statement {
    return { sql: "DELETE FROM oauth_clients WHERE server_id = ? AND kind = 'given'", parameters: [server] }
  }

  /** A client that its authorization server does not know any more. */
  forget(server: string, { issuer, clientId }: Pick<ClientRegistration, 'issuer' | 'clientId'>): Statement {
    return {
      sql: "DELETE FROM oauth_clients WHERE server_id = ? AND issuer = ? AND client_id = ? AND kind = 'registered'",
      parameters: [server, issuer, clientId],
    }
  }
}

function placeOf(id: string) {
  return { table: 'oauth_clients', column: 'sealed', id }
}
