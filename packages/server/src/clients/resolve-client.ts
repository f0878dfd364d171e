import { isId, ParleyError } from '@parley/contract'
import type { AppId } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { canonicalJson } from '../lib/jcs.ts'
import type { Random } from '../lib/random.ts'
import type { Store } from '../store/index.ts'
import type { ClientChanges } from './client-changes.ts'
import type { ClientDocument, ClientDocuments } from './client-documents.ts'
import { createClientSecret } from './client-secret.ts'
import type { AppRow, ClientStore } from './client-store.ts'
import type { App, ClientResolution } from './clients.ts'
import { isClientIdUrl } from './rules/check-client-id-url.ts'
import { toApp } from './to-app.ts'
import { agentToProviderClient, appToProviderClient } from './to-provider-client.ts'

export interface ResolveTools {
  readonly store: ClientStore
  readonly units: Store
  readonly changes: ClientChanges
  readonly documents: ClientDocuments
  readonly clock: Clock
  readonly random: Random
}

const UNKNOWN = 'There is no client of this client_id.'
const SUSPENDED = 'This client is suspended.'
const NOTE_EVERY_MS = 3_600_000

/** From a client_id to the client: an agent, an app that is kept, or one that a metadata document describes. */
export class ResolveClient {
  readonly #tools: ResolveTools
  readonly #secretStandIn: string
  readonly #noting = new Set<string>()

  constructor(tools: ResolveTools) {
    this.#tools = tools
    this.#secretStandIn = createClientSecret(tools.random)
  }

  async resolve(clientId: string): Promise<ClientResolution> {
    const { store, documents, clock } = this.#tools
    if (isId('agent', clientId)) {
      const agent = store.agent(clientId)
      if (agent?.state !== 'active') return { kind: 'refused', why: agent ? SUSPENDED : UNKNOWN }
      const proofs = store.proofs(agent.id, clock.now())
      return { kind: 'client', client: agentToProviderClient(agent, proofs, this.#secretStandIn) }
    }
    const row = store.appByClientId(clientId)
    if (row?.state === 'suspended') return { kind: 'refused', why: SUSPENDED }
    if (row && row.source !== 'cimd') return this.#client(clientId, row.metadata)
    if (!isClientIdUrl(clientId)) return { kind: 'refused', why: UNKNOWN }
    const document = await documents.get(clientId)
    return document.kind === 'document' ? this.#client(clientId, document.metadata) : document
  }

  findApp(clientId: string): App | undefined {
    const { store, documents } = this.#tools
    const row = store.appByClientId(clientId)
    const document = isClientIdUrl(clientId) ? documents.peek(clientId) : undefined
    if (row) return toApp(document ? { ...row, metadata: document.metadata } : row)
    return document && toApp(rowOf(clientId, document))
  }

  app(id: AppId): App | undefined {
    const row = this.#tools.store.appById(id)
    return row && toApp(row)
  }

  async keepApp(clientId: string): Promise<App> {
    const { store, changes, documents, clock } = this.#tools
    const document = isClientIdUrl(clientId) ? await documents.get(clientId) : undefined
    if (document?.kind === 'document' && !store.appByClientId(clientId)) {
      const fresh: AppRow = { ...rowOf(clientId, document), createdAt: clock.now() }
      // Somebody else may keep it at the same moment: then theirs is it.
      await changes.submit([store.insertApp(fresh)], {
        action: 'app.keep',
        subject: clientId,
        app: fresh.id,
        policies: ['builtin:registration'],
        note: `app "${fresh.metadata.client_name}" of ${clientId}`,
      })
    }
    const row = store.appByClientId(clientId)
    if (!row) throw new ParleyError('not_found', UNKNOWN)
    if (row.state === 'suspended') throw new ParleyError('conflict', SUSPENDED)
    await this.#refresh(row, document?.kind === 'document' ? document : undefined)
    return toApp(store.appById(row.id) ?? row)
  }

  /** What is kept of a document follows it; and the app counts as used. */
  async #refresh(row: AppRow, document: ClientDocument | undefined): Promise<void> {
    const { store, units, clock } = this.#tools
    const isChanged = document && canonicalJson(document.metadata) !== canonicalJson(row.metadata)
    const unit = isChanged ? [store.setAppMetadata(row.id, document.metadata)] : []
    const result = await units.submit([...unit, store.touch('apps', row.id, clock.now())])
    store.forget()
    if (result.kind === 'conflict') throw new ParleyError('not_found', UNKNOWN)
  }

  async noteUse(clientId: string): Promise<void> {
    const { store, units, clock } = this.#tools
    const isAgent = isId('agent', clientId)
    const known = isAgent ? store.agent(clientId) : store.appByClientId(clientId)
    const now = clock.now()
    if (!known || (known.lastUsedAt !== null && now - known.lastUsedAt < NOTE_EVERY_MS)) return
    if (this.#noting.has(known.id)) return
    this.#noting.add(known.id)
    await units.submit([store.touch(isAgent ? 'agents' : 'apps', known.id, now)]).finally(() => {
      this.#noting.delete(known.id)
      store.forget()
    })
  }

  #client(clientId: string, metadata: AppRow['metadata']): ClientResolution {
    return { kind: 'client', client: appToProviderClient(clientId, metadata, this.#secretStandIn) }
  }
}

function rowOf(clientId: string, document: ClientDocument): AppRow {
  return {
    id: document.appId,
    clientId,
    source: 'cimd',
    declaredAs: null,
    state: 'active',
    metadata: document.metadata,
    createdAt: document.fetchedAt,
    lastUsedAt: null,
  }
}
