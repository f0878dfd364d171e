import type { AgentId, AppId, PersonId } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import type { ClientMetadata } from './client-metadata.ts'
import type { Agent, App, ProofView } from './clients.ts'
import type { PublicJwk } from './rules/check-jwks.ts'

/** An app as it is kept. */
export interface AppRow {
  readonly id: AppId
  readonly clientId: string
  readonly source: App['source']
  readonly declaredAs: string | null
  readonly state: App['state']
  readonly metadata: ClientMetadata
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

export type NewProof = { readonly id: string; readonly client: string; readonly at: number } & (
  | { readonly publicKey: PublicJwk }
  | { readonly secretHash: Uint8Array }
)

/** How many self-registered apps there may be in all, and how many that nobody has granted anything. */
export interface RegistrationCaps {
  readonly registered: number
  readonly unused: number
}

/** What is remembered of what was read; more is forgotten as a whole. */
const MAX_REMEMBERED = 10_000

/**
 * The only SQL of the clients. Single clients are read at every token request, so what was read of them is remembered
 * until something changes: whoever submits a statement of this store calls `forget` afterwards.
 */
export class ClientStore {
  readonly #store: Store
  readonly #remembered = new Map<string, unknown>()

  constructor(store: Store) {
    this.#store = store
  }

  forget(): void {
    this.#remembered.clear()
  }

  appById(id: string): AppRow | undefined {
    return this.#remember(`id ${id}`, () => {
      const row = this.#store.get('SELECT * FROM apps WHERE id = ?', id)
      return row && toApp(row)
    })
  }

  appByClientId(clientId: string): AppRow | undefined {
    return this.#remember(`client ${clientId}`, () => {
      const row = this.#store.get('SELECT * FROM apps WHERE client_id = ?', clientId)
      return row && toApp(row)
    })
  }

  /** Newest first. */
  apps(options: { readonly before: string | undefined; readonly limit: number }): AppRow[] {
    return this.#store
      .all('SELECT * FROM apps WHERE id < ? ORDER BY id DESC LIMIT ?', options.before ?? '~', options.limit)
      .map(toApp)
  }

  declaredApps(): AppRow[] {
    return this.#store.all('SELECT * FROM apps WHERE declared_as IS NOT NULL').map(toApp)
  }

  insertApp(app: AppRow): Statement {
    return {
      sql: `INSERT INTO apps (id, client_id, source, declared_as, state, metadata, created_at, last_used_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
      parameters: appValues(app),
      expect: 'changed',
    }
  }

  /** Changes nothing when there are too many registrations already. */
  insertRegistration(app: AppRow, caps: RegistrationCaps): Statement {
    return {
      sql: `INSERT INTO apps (id, client_id, source, declared_as, state, metadata, created_at, last_used_at)
        SELECT ?, ?, ?, ?, ?, ?, ?, ?
        WHERE (SELECT count(*) FROM apps WHERE source = 'dcr') < ?
          AND (SELECT count(*) FROM apps WHERE source = 'dcr' AND last_used_at IS NULL) < ? RETURNING id`,
      parameters: [...appValues(app), caps.registered, caps.unused],
      expect: 'changed',
    }
  }

  setAppMetadata(id: string, metadata: ClientMetadata): Statement {
    return {
      sql: 'UPDATE apps SET metadata = ? WHERE id = ?',
      parameters: [canonicalJson(metadata), id],
      expect: 'changed',
    }
  }

  setAppState(id: string, from: App['state'], to: App['state']): Statement {
    return {
      sql: 'UPDATE apps SET state = ? WHERE id = ? AND state = ?',
      parameters: [to, id, from],
      expect: 'changed',
    }
  }

  deleteApp(id: string): Statement[] {
    return [
      { sql: 'DELETE FROM client_proofs WHERE client = ?', parameters: [id] },
      { sql: 'DELETE FROM apps WHERE id = ?', parameters: [id], expect: 'changed' },
    ]
  }

  neverUsed(before: number, limit: number): string[] {
    return this.#store
      .all(
        "SELECT id FROM apps WHERE source = 'dcr' AND last_used_at IS NULL AND created_at < ? ORDER BY created_at LIMIT ?",
        before,
        limit,
      )
      .map((row) => String(row['id']))
  }

  /** Only while it is still unused: it may have been granted something since it was found. */
  deleteNeverUsed(id: string): Statement[] {
    return [
      {
        sql: 'DELETE FROM apps WHERE id = ? AND last_used_at IS NULL',
        parameters: [id],
      },
      {
        sql: 'DELETE FROM client_proofs WHERE client = ?1 AND NOT EXISTS (SELECT 1 FROM apps WHERE id = ?1)',
        parameters: [id],
      },
    ]
  }

  touch(table: 'apps' | 'agents', id: string, at: number): Statement {
    return {
      sql: `UPDATE ${table} SET last_used_at = ? WHERE id = ?`,
      parameters: [at, id],
      expect: 'changed',
    }
  }

  agent(id: string): Agent | undefined {
    return this.#remember(`agent ${id}`, () => {
      const row = this.#store.get('SELECT * FROM agents WHERE id = ?', id)
      return row && toAgent(row)
    })
  }

  agentByName(name: string): Agent | undefined {
    return this.#remember(`agent named ${name}`, () => {
      const row = this.#store.get('SELECT * FROM agents WHERE name = ?', name)
      return row && toAgent(row)
    })
  }

  agents(): Agent[] {
    return this.#store.all('SELECT * FROM agents ORDER BY name').map(toAgent)
  }

  insertAgent(agent: Agent, limit: number): Statement {
    return {
      sql: `INSERT INTO agents (id, name, owner, state, auth_method, created_at)
        SELECT ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM agents) < ? ON CONFLICT DO NOTHING RETURNING id`,
      parameters: [agent.id, agent.name, agent.owner, agent.state, agent.authMethod, agent.createdAt, limit],
      expect: 'changed',
    }
  }

  setAgentState(id: string, from: Agent['state'], to: Agent['state']): Statement {
    return {
      sql: 'UPDATE agents SET state = ? WHERE id = ? AND state = ?',
      parameters: [to, id, from],
      expect: 'changed',
    }
  }

  setOwner(id: string, owner: PersonId | null): Statement {
    return {
      sql: "UPDATE agents SET owner = ? WHERE id = ? AND state <> 'retired'",
      parameters: [owner, id],
      expect: 'changed',
    }
  }

  /** What still stands, newest first. */
  proofs(client: string, now: number): ProofView[] {
    return this.#proofsOf(client)
      .filter((proof) => isLive(proof, now))
      .map(({ secretHash: _, ...proof }) => proof)
  }

  secretHashes(client: string, now: number): Uint8Array[] {
    return this.#proofsOf(client)
      .filter((proof) => isLive(proof, now))
      .flatMap(({ secretHash }) => (secretHash ? [secretHash] : []))
  }

  #proofsOf(client: string): readonly KeptProof[] {
    return this.#remember(`proofs ${client}`, () =>
      this.#store
        .all('SELECT * FROM client_proofs WHERE client = ? ORDER BY created_at DESC, id DESC', client)
        .map(toProof),
    )
  }

  insertProof(proof: NewProof): Statement {
    const key = 'publicKey' in proof ? canonicalJson(proof.publicKey) : null
    const hash = 'secretHash' in proof ? proof.secretHash : null
    return {
      sql: 'INSERT INTO client_proofs (id, client, kind, public_key, secret_hash, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      parameters: [proof.id, proof.client, key === null ? 'secret' : 'key', key, hash, proof.at],
    }
  }

  /** What stood before goes on until `expiresAt` at the latest; what is past its end is deleted. */
  retireProofs(client: string, times: { readonly now: number; readonly expiresAt: number }): Statement[] {
    return [
      {
        sql: 'DELETE FROM client_proofs WHERE client = ? AND expires_at <= ?',
        parameters: [client, times.now],
      },
      {
        sql: 'UPDATE client_proofs SET expires_at = min(coalesce(expires_at, ?2), ?2) WHERE client = ?1',
        parameters: [client, times.expiresAt],
      },
    ]
  }

  deleteProofs(client: string): Statement {
    return { sql: 'DELETE FROM client_proofs WHERE client = ?', parameters: [client] }
  }

  #remember<value>(key: string, read: () => value): value {
    if (this.#remembered.has(key)) return this.#remembered.get(key) as value
    const value = read()
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(key, value)
    return value
  }
}

interface KeptProof extends ProofView {
  readonly secretHash: Uint8Array | null
}

function isLive({ expiresAt }: ProofView, now: number): boolean {
  return expiresAt === null || expiresAt > now
}

function appValues(app: AppRow) {
  return [
    app.id,
    app.clientId,
    app.source,
    app.declaredAs,
    app.state,
    canonicalJson(app.metadata),
    app.createdAt,
    app.lastUsedAt,
  ]
}

function toApp(row: Row): AppRow {
  return {
    id: String(row['id']) as AppId,
    clientId: String(row['client_id']),
    source: String(row['source']) as AppRow['source'],
    declaredAs: textOrNull(row['declared_as']),
    state: row['state'] === 'active' ? 'active' : 'suspended',
    metadata: JSON.parse(String(row['metadata'])) as ClientMetadata,
    createdAt: Number(row['created_at']),
    lastUsedAt: numberOrNull(row['last_used_at']),
  }
}

function toAgent(row: Row): Agent {
  return {
    id: String(row['id']) as AgentId,
    name: String(row['name']),
    owner: textOrNull(row['owner']) as PersonId | null,
    state: row['state'] === 'active' ? 'active' : row['state'] === 'suspended' ? 'suspended' : 'retired',
    authMethod: row['auth_method'] === 'private_key_jwt' ? 'private_key_jwt' : 'client_secret_basic',
    createdAt: Number(row['created_at']),
    lastUsedAt: numberOrNull(row['last_used_at']),
  }
}

function toProof(row: Row): KeptProof {
  const key = textOrNull(row['public_key'])
  return {
    id: String(row['id']),
    kind: key === null ? 'secret' : 'key',
    publicKey: key === null ? null : (JSON.parse(key) as PublicJwk),
    secretHash: row['secret_hash'] instanceof Uint8Array ? row['secret_hash'] : null,
    createdAt: Number(row['created_at']),
    expiresAt: numberOrNull(row['expires_at']),
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
}
