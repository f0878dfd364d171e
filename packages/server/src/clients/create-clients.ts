import { isId } from '@parley/contract'
import type { AppId } from '@parley/contract'
import type { AppConfig, IdentityConfig, Limits } from '../config/index.ts'
import type { Egress } from '../egress/index.ts'
import type { Actor, Grants } from '../grants/index.ts'
import type { RawHandler } from '../http/index.ts'
import type { Random } from '../lib/random.ts'
import { Agents, type OtherNames } from './agents.ts'
import { Apps } from './apps.ts'
import { ClientChanges } from './client-changes.ts'
import type { ChangeTools } from './client-changes.ts'
import { ClientDocuments } from './client-documents.ts'
import { matchesClientSecret } from './client-secret.ts'
import { ClientStore } from './client-store.ts'
import type { App, ClientDirectory, ClientResolution } from './clients.ts'
import { createRegistrationHandler } from './create-registration-handler.ts'
import { createFetchKeys } from './fetch-client-keys.ts'
import type { FetchKeys } from './fetch-client-keys.ts'
import { allowMetadataHosts } from './metadata-hosts.ts'
import { Registration } from './registration.ts'
import { createRegistrationRate } from './registration-rate.ts'
import { ResolveClient } from './resolve-client.ts'

export interface ClientsOptions extends ChangeTools {
  readonly egress: Egress
  readonly random: Random
  readonly grants: Pick<Grants, 'list' | 'revoke'>
  readonly identity: IdentityConfig
  readonly declared: readonly AppConfig[]
  readonly limits: Pick<Limits, 'clientMetadataBytes' | 'registrationsPerHour' | 'registeredApps' | 'agents'>
  readonly trustedProxy: boolean
  readonly otherNames?: () => OtherNames
  /** Client ID metadata documents kept in memory; 1,000 by default. */
  readonly rememberedDocuments?: number
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

/** Everything that may ask for tokens: apps and agents. */
export interface Clients extends ClientDirectory, AsyncDisposable {
  readonly apps: Apps
  readonly agents: Agents
  /** The client of a client_id as the authorization server wants it; a metadata document is fetched where one is named. */
  resolve(clientId: string): Promise<ClientResolution>
  /** Whether the secret is one of the client's. */
  matchesSecret(clientId: string, secret: string): boolean
  /** The app of a client_id that is about to be granted something: kept from now on. Throws `not_found`, `conflict`. */
  keepApp(clientId: string): Promise<App>
  /** Notes that a client got a token; cheap, at most one write an hour. */
  noteUse(clientId: string): Promise<void>
  /** Whether apps may register themselves. */
  readonly isOpen: boolean
  /** `POST` of client metadata (RFC 7591). */
  readonly register: RawHandler
  readonly fetchKeys: FetchKeys
}

/** A tenth of all registrations may wait for their first grant. */
const UNUSED_SHARE = 10
const REMEMBERED_DOCUMENTS = 1000

export async function createClients(options: ClientsOptions): Promise<Clients> {
  const { egress, random, grants, identity, limits, clock, newId, log } = options
  const store = new ClientStore(options.store)
  const changes = new ClientChanges(options, () => store.forget())
  const hosts = allowMetadataHosts(egress, identity.clientMetadataHosts)
  const documents = new ClientDocuments({
    egress,
    hosts,
    clock,
    newId,
    capacity: options.rememberedDocuments ?? REMEMBERED_DOCUMENTS,
    onRefused: (clientId, detail) => log('a client ID metadata document was refused', { clientId, detail }),
  })
  const tools = { store, changes, clock, random, newId }
  const revokeGrants = async (holder: Parameters<typeof listHeld>[1], by: Actor) => {
    for (const grant of listHeld(grants, holder)) await grants.revoke(grant.id, by)
  }
  const apps = new Apps({ ...tools, revokeGrants: (id, by) => revokeGrants({ kind: 'app', id }, by) })
  const agents = new Agents({
    ...tools,
    limit: limits.agents,
    otherNames: options.otherNames ?? (() => ({ servers: [], agents: [] })),
    revokeGrants: (id, by) => revokeGrants({ kind: 'agent', id }, by),
  })
  const unused = Math.max(1, Math.floor(limits.registeredApps / UNUSED_SHARE))
  const registration = new Registration({ ...tools, caps: { registered: limits.registeredApps, unused } })
  const onError = (error: unknown) => log('clients could not be kept', { error: String(error) })
  const resolver = new ResolveClient({ ...tools, documents, units: options.store })
  const isOpen = identity.registration === 'open'
  await apps.declare(options.declared)
  const stopSweep = registration.sweep(onError)

  return {
    apps,
    agents,
    resolve: (clientId) => resolver.resolve(clientId),
    findApp: (clientId) => resolver.findApp(clientId),
    app: (id) => resolver.app(id),
    agent: (id) => store.agent(id),
    keepApp: (clientId) => resolver.keepApp(clientId),
    noteUse: (clientId) => resolver.noteUse(clientId),
    matchesSecret(clientId, secret) {
      const owner = isId('agent', clientId) ? clientId : store.appByClientId(clientId)?.id
      return owner !== undefined && matchesClientSecret(secret, store.secretHashes(owner, clock.now()))
    },
    isOpen,
    register: createRegistrationHandler({
      registration,
      isOpen,
      rate: createRegistrationRate(limits.registrationsPerHour, () => clock.monotonicMicros()),
      bodyBytes: limits.clientMetadataBytes,
      trustedProxy: options.trustedProxy,
      onError,
    }),
    fetchKeys: createFetchKeys(egress, hosts),
    [Symbol.asyncDispose]() {
      stopSweep()
      return Promise.resolve()
    },
  }
}

function listHeld(
  grants: Pick<Grants, 'list'>,
  holder:
    | { readonly kind: 'app'; readonly id: AppId }
    | { readonly kind: 'agent'; readonly id: `agt_${string}` },
) {
  return grants.list({ holder })
}
