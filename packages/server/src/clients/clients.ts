import type { AgentId, AppId, PersonId } from '@parley/contract'
import type { ClientAuthMethod, ClientMetadata } from './client-metadata.ts'

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
  readonly redirectUris: readonly string[]
  readonly authMethod: ClientAuthMethod
  readonly createdAt: number
  /** When it last got a grant or a token, to the hour; null: never. */
  readonly lastUsedAt: number | null
}

/** A workload with an identity of its own, keys and an owner. */
export interface Agent {
  readonly id: AgentId
  /** As a server's name: it stands in addresses. */
  readonly name: string
  readonly owner: PersonId | null
  /** `retired` is final. */
  readonly state: 'active' | 'suspended' | 'retired'
  readonly authMethod: AgentAuthMethod
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

export type AgentAuthMethod = Extract<ClientAuthMethod, 'private_key_jwt' | 'client_secret_basic'>

export interface ClientDirectory {
  /** By OAuth client_id. An app known by its document only has been seen, and is kept once it is granted something. */
  findApp(clientId: string): App | undefined
  app(id: AppId): App | undefined
  agent(id: AgentId): Agent | undefined
}

/** What the authorization server asks for a client_id: the metadata in the spelling of RFC 7591. */
export interface ProviderClient extends Partial<ClientMetadata> {
  readonly client_id: string
  /** A stand-in that no secret equals: secrets are compared by `matchesSecret`. */
  readonly client_secret?: string
  readonly grant_types: readonly string[]
  readonly response_types: readonly 'code'[]
  readonly redirect_uris: readonly string[]
  readonly authorization_details_types: readonly string[]
}

export type ClientResolution =
  | { readonly kind: 'client'; readonly client: ProviderClient }
  /** There is no such client, or it is suspended; `why` is public. */
  | { readonly kind: 'refused'; readonly why: string }

/** A public key of an agent, or a secret that is told by its id only. */
export interface ProofView {
  readonly id: string
  readonly kind: 'key' | 'secret'
  readonly publicKey: Readonly<Record<string, string>> | null
  readonly createdAt: number
  readonly expiresAt: number | null
}
