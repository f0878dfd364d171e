import type { BundleTerms, ContentSettings, ToolSearchSettings } from '@parley/contract'
import type { FileAgent } from './agent-schema.ts'
import type { FileConfig, FileServer } from './config-schema.ts'

/** Every limit, its unit last in its name. Defaults and bounds stand in `config-schema.ts`. */
export type Limits = Readonly<Required<FileConfig['limits']>>

export interface ListenConfig {
  readonly host: string
  /** 0 lets the system choose a free port. */
  readonly port: number
  /** Where agents are reached over gRPC; 0 as above, undefined for nowhere. */
  readonly grpcPort: number | undefined
  /** The file or a flag names the port: that it cannot be had is a mistake. */
  readonly isGrpcPortSet: boolean
  /** `host:port` under which clients reach it, when it is not the listening address itself. */
  readonly publicGrpc: string | undefined
  /** The origin under which clients reach the hub, when it is not the listening address itself. */
  readonly publicUrl: string | undefined
  /** A proxy in front ends TLS; the limit per client address is then the proxy's work. */
  readonly trustedProxy: boolean
  /** Further `host[:port]` values of the Host header, beside the hub's own. */
  readonly allowedHosts: readonly string[]
  /** Further values of the Origin header, beside the hub's own. */
  readonly allowedOrigins: readonly string[]
}

/** What one server says over the settings for all. */
export type OwnContent = Readonly<NonNullable<FileServer['content']>>

export interface HttpServerConfig {
  readonly transport: 'http'
  readonly name: string
  /** Normalized; its host:port is what the administrator typed and is thereby allowed, only exactly it. */
  readonly url: string
  /** It trusts this hub's tokens: each call brings one that says who calls. */
  readonly hopTokens: boolean
  readonly content: OwnContent | undefined
}

export interface StdioServerConfig {
  readonly transport: 'stdio'
  readonly name: string
  /** Absolute path as it is started. It is not resolved further: a Python environment knows itself by its link. */
  readonly command: string
  /** What `command` really is, links resolved: approvals are bound to it. */
  readonly realCommand: string
  readonly args: readonly string[]
  /** As written: `${env:NAME}` stays a reference until the child starts (`childEnvironment`). */
  readonly env: Readonly<Record<string, string>>
  /** `name@1.2.3`, verified against the installed package. */
  readonly package: string | undefined
  readonly content: OwnContent | undefined
  /** The directory of the configuration file. */
  readonly cwd: string
}

/** A service that speaks no MCP: what its OpenAPI document describes becomes tools. */
export interface OpenApiServerConfig {
  readonly transport: 'openapi'
  readonly name: string
  /** Where the service is called; allowed as the URL of an HTTP server is. */
  readonly url: string
  /** Absolute path, or URL. */
  readonly document: { readonly file: string } | { readonly url: string }
  readonly selection: NonNullable<FileServer['operations']>
  readonly hopTokens: boolean
  readonly content: OwnContent | undefined
}

export type ServerConfig = HttpServerConfig | StdioServerConfig | OpenApiServerConfig

/** An app that the file declares. */
export interface AppConfig {
  /** Its client_id. */
  readonly clientId: string
  readonly name: string
  readonly redirectUris: readonly string[]
}

export interface IdentityConfig {
  readonly registration: 'open' | 'off'
  /** `host:port` as written. */
  readonly clientMetadataHosts: readonly string[]
}

export interface ConnectionsConfig {
  /** `host:port` or `host:*` as written. */
  readonly authorizationServerHosts: readonly string[]
  readonly clientMetadataUrl: string | undefined
}
/** Where the master key comes from, unless PARLEY_MASTER_KEY holds it. */
export type MasterKeyConfig =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'command'; readonly program: string; readonly args: readonly string[] }

export interface ResourceConfig {
  readonly name: string
  /** Its resource identifier (RFC 8707). */
  readonly resource: string
  /** Each with what it allows, in words for people. */
  readonly scopes: Readonly<Record<string, string>>
}

/** An agent that the file declares: where its card is, or the card. */
export interface AgentConfig {
  readonly name: string
  readonly cardUrl: string | null
  readonly card: Readonly<Record<string, unknown>> | undefined
  /** `host` or `host:port` as written. */
  readonly allowHosts: readonly string[]
  readonly binding: FileAgent['binding']
  readonly version: FileAgent['version']
  readonly isPublic: boolean
  /** A JWK Set as it was read. */
  readonly jwks: Readonly<Record<string, unknown>> | undefined
}

/** A selection of capabilities that the file declares. */
export interface BundleConfig {
  readonly name: string
  readonly terms: BundleTerms
}

/** The whole configuration: resolved, checked and frozen. Holds no secret. */
export interface Config {
  /** The file it came from; undefined when there is none. */
  readonly file: string | undefined
  /** Absolute. */
  readonly dataDir: string
  readonly listen: ListenConfig
  /** In the order of the file. */
  readonly servers: readonly ServerConfig[]
  readonly agents: readonly AgentConfig[]
  readonly apps: readonly AppConfig[]
  /** Resource servers elsewhere that trust the hub's tokens. */
  readonly resources: readonly ResourceConfig[]
  readonly bundles: readonly BundleConfig[]
  /** What is looked for in what servers offer and answer. */
  readonly content: ContentSettings
  /** How `/mcp` shows its tools. */
  readonly toolSearch: ToolSearchSettings
  /** `identity`: the authorization server alone, without a gateway. */
  readonly only: 'identity' | undefined
  readonly identity: IdentityConfig
  readonly connections: ConnectionsConfig
  readonly masterKey: MasterKeyConfig
  /** PEM certificates of authorities trusted beside the usual ones. */
  readonly egress: { readonly ca: string | undefined }
  /** Origins that may be told of tasks although they are not on the public internet. */
  readonly webhooks: { readonly allow: readonly string[] }
  readonly limits: Limits
  readonly activity: 'queued' | 'strict'
}
