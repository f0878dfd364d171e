import type { AgentId, AppId, PersonId } from '@parley/contract'

/** An LLM application: an OAuth client that acts for people. */
export interface App {
  readonly id: AppId
  /** The OAuth client_id: the `app_…` id, or the https URL of a client ID metadata document. */
  readonly clientId: string
  /** Plain text, at most 64 characters, no control or bidirectional characters. */
  readonly name: string
  readonly source: 'cimd' | 'dcr' | 'static'
  /** The host that vouches for the name (of the CIMD URL); null: nobody does. */
  readonly verifiedHost: string | null
  readonly state: 'active' | 'suspended'
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

/** A workload with an identity of its own, keys and an owner. */
export interface Agent {
  readonly id: AgentId
  /** As a server's name: it stands in addresses. */
  readonly name: string
  readonly owner: PersonId | null
  readonly state: 'active' | 'suspended' | 'retired'
  readonly createdAt: number
}

export interface ClientDirectory {
  /** By OAuth client_id. */
  findApp(clientId: string): App | undefined
  app(id: AppId): App | undefined
  agent(id: AgentId): Agent | undefined
}
