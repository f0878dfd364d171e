import type { ClientRegistration } from '../oauth-client/index.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Statement, Store } from '../store/index.ts'

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
    const rows = this.#store.all('SELECT issuer, kind, sealed FROM oauth_clients WHERE server = ?', server)
    return rows.map(({ issuer, kind, sealed }) => {
      const place = placeOf(server, String(issuer), String(kind))
      return JSON.parse(this.#sealer.open(sealed as Uint8Array, place).toString()) as ClientRegistration
    })
  }

  put(server: string, client: ClientRegistration, now: number): Statement {
    const { issuer, kind, clientId } = client
    const sealed = this.#sealer.seal(JSON.stringify(client), placeOf(server, issuer, kind))
    return {
      sql: `INSERT INTO oauth_clients (server, issuer, kind, client_id, sealed, created_at)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (server, issuer, kind)
        DO UPDATE SET client_id = excluded.client_id, sealed = excluded.sealed, created_at = excluded.created_at`,
      parameters: [server, issuer, kind, clientId, sealed, now],
    }
  }

  removeGiven(server: string): Statement {
    return { sql: "DELETE FROM oauth_clients WHERE server = ? AND kind = 'given'", parameters: [server] }
  }

  /** A client that its authorization server does not know any more. */
  forget(server: string, { issuer, clientId }: Pick<ClientRegistration, 'issuer' | 'clientId'>): Statement {
    return {
      sql: "DELETE FROM oauth_clients WHERE server = ? AND issuer = ? AND client_id = ? AND kind = 'registered'",
      parameters: [server, issuer, clientId],
    }
  }
}

function placeOf(server: string, issuer: string, kind: string) {
  return { table: 'oauth_clients', column: 'sealed', id: JSON.stringify([server, issuer, kind]) }
}
