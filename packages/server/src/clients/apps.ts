import { ParleyError } from '@parley/contract'
import type { AppId } from '@parley/contract'
import type { AppConfig } from '../config/index.ts'
import type { Actor } from '../grants/index.ts'
import type { Clock } from '../lib/clock.ts'
import { canonicalJson } from '../lib/jcs.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { Statement } from '../store/index.ts'
import type { ClientChanges } from './client-changes.ts'
import type { ClientMetadata } from './client-metadata.ts'
import { createClientSecret, hashClientSecret } from './client-secret.ts'
import type { AppRow, ClientStore } from './client-store.ts'
import type { App } from './clients.ts'
import { isProblem } from './rules/metadata-problem.ts'
import { readMetadata } from './rules/read-metadata.ts'
import type { MetadataPolicy } from './rules/read-metadata.ts'
import { toApp } from './to-app.ts'

export interface AppTools {
  readonly store: ClientStore
  readonly changes: ClientChanges
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  /** Ends every grant that the app holds. */
  readonly revokeGrants: (app: AppId, by: Actor) => Promise<void>
}

/** An administrator knows the app, so a public client with PKCE is the normal case, and it must have a name. */
const STATIC_POLICY: MetadataPolicy = {
  authMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  defaultAuthMethod: 'none',
  needsName: true,
}

const PAGE_SIZE = 100

/** LLM apps as an administrator sees them; how they come in by themselves is `registration` and `client-documents`. */
export class Apps {
  readonly #tools: AppTools

  constructor(tools: AppTools) {
    this.#tools = tools
  }

  /** Newest first, 100 a page; `before` is the last id of the page before. */
  list(before?: AppId): App[] {
    return this.#tools.store.apps({ before, limit: PAGE_SIZE }).map(toApp)
  }

  /** Client metadata in the spelling of RFC 7591; `secret` is told once. */
  async create(
    metadata: Readonly<Record<string, unknown>>,
    by: Actor,
  ): Promise<{ readonly app: App; readonly secret: string | undefined }> {
    const { store, changes, clock, newId, random } = this.#tools
    const read = readMetadata(metadata, STATIC_POLICY)
    if (isProblem(read)) throw new ParleyError('invalid_params', read.description)
    const id = newId('app')
    const row: AppRow = {
      id,
      clientId: id,
      source: 'static',
      declaredAs: null,
      state: 'active',
      metadata: grantRefresh(read),
      createdAt: clock.now(),
      lastUsedAt: null,
    }
    const { secret, statements } = makeSecret(row, { store, random, newId })
    await changes.commit([store.insertApp(row), ...statements], happening('app.create', row, by))
    return { app: toApp(row), secret }
  }

  /** It gets no tokens, and those it has end. Idempotent. */
  async suspend(id: AppId, by: Actor): Promise<App> {
    const row = this.#known(id)
    if (row.state === 'suspended') return toApp(row)
    const { store, changes } = this.#tools
    await changes.commit([store.setAppState(id, 'active', 'suspended')], happening('app.suspend', row, by), {
      cutOff: [{ kind: 'app', id: row.clientId }],
    })
    return toApp(this.#known(id))
  }

  async resume(id: AppId, by: Actor): Promise<App> {
    const row = this.#known(id)
    if (row.state === 'active') return toApp(row)
    const { store, changes } = this.#tools
    await changes.commit([store.setAppState(id, 'suspended', 'active')], happening('app.resume', row, by))
    return toApp(this.#known(id))
  }

  /** Its tokens and its grants end. An app of a metadata document may come back as a stranger; to keep it out, suspend it. */
  async remove(id: AppId, by: Actor): Promise<void> {
    const row = this.#known(id)
    if (row.declaredAs !== null)
      throw new ParleyError('conflict', 'This app stands in parley.yaml; take it out there, or suspend it.')
    await this.#remove(row, by)
  }

  /** Makes the apps of parley.yaml exactly those that are declared there. */
  async declare(declared: readonly AppConfig[]): Promise<void> {
    const { store, changes, clock, newId } = this.#tools
    const by = 'parley.yaml'
    const known = new Map(store.declaredApps().map((row) => [row.declaredAs, row]))
    for (const app of declared) {
      const metadata = readDeclared(app)
      const row = known.get(app.clientId)
      known.delete(app.clientId)
      if (!row) {
        const fresh: AppRow = {
          id: newId('app'),
          clientId: app.clientId,
          source: 'static',
          declaredAs: app.clientId,
          state: 'active',
          metadata,
          createdAt: clock.now(),
          lastUsedAt: null,
        }
        await changes.commit([store.insertApp(fresh)], happening('app.create', fresh, by))
      } else if (canonicalJson(row.metadata) !== canonicalJson(metadata)) {
        await changes.commit(
          [store.setAppMetadata(row.id, metadata)],
          happening('app.change', { ...row, metadata }, by),
        )
      }
    }
    for (const gone of known.values()) await this.#remove(gone, by)
  }

  async #remove(row: AppRow, by: Actor): Promise<void> {
    const { store, changes, revokeGrants } = this.#tools
    // Grants first: what is left after a stop between the two is an app without any.
    await revokeGrants(row.id, by)
    await changes.commit(store.deleteApp(row.id), happening('app.remove', row, by), {
      cutOff: [{ kind: 'app', id: row.clientId }],
    })
  }

  #known(id: AppId): AppRow {
    const row = this.#tools.store.appById(id)
    if (!row) throw new ParleyError('not_found', 'There is no such app.')
    return row
  }
}

/** The secret of a client that has one, and the statement that keeps its hash. */
export function makeSecret(
  row: AppRow,
  { store, random, newId }: Pick<AppTools, 'store' | 'random' | 'newId'>,
): { readonly secret: string | undefined; readonly statements: readonly Statement[] } {
  if (!row.metadata.token_endpoint_auth_method.startsWith('client_secret'))
    return { secret: undefined, statements: [] }
  const secret = createClientSecret(random)
  const proof = { id: newId('key'), client: row.id, at: row.createdAt, secretHash: hashClientSecret(secret) }
  return { secret, statements: [store.insertProof(proof)] }
}

function readDeclared(app: AppConfig): ClientMetadata {
  const read = readMetadata({ client_name: app.name, redirect_uris: app.redirectUris }, STATIC_POLICY)
  if (isProblem(read))
    throw new ParleyError('invalid_params', `parley.yaml, apps.${app.clientId}: ${read.description}`)
  return grantRefresh(read)
}

/** Whoever registers an app by hand does not list grant types; refresh tokens are still for consent to give. */
function grantRefresh(metadata: ClientMetadata): ClientMetadata {
  return { ...metadata, grant_types: ['authorization_code', 'refresh_token'] }
}

function happening(action: string, row: AppRow, by: Actor) {
  const hosts = row.metadata.redirect_uris.join(' ')
  return { action, subject: by, app: row.id, note: `app "${row.metadata.client_name}", redirects: ${hosts}` }
}
