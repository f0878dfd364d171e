import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as library from 'oidc-provider'
import untypedGrantTypes from 'oidc-provider/lib/helpers/weak_cache.js'
import untypedInitializeKeyStore from 'oidc-provider/lib/helpers/initialize_keystore.js'
import * as untypedGrants from 'oidc-provider/lib/helpers/grants.js'
import * as untypedGrantCommon from 'oidc-provider/lib/helpers/grant_common.js'
import type {
  AccessTokenModel,
  ClientModel,
  GrantModel,
  InteractionRecord,
  ProviderContext,
  SourceModel,
  TokenClass,
} from './types.ts'

/**
 * The part of oidc-provider 9.13 that Parley relies on, typed; the only file that imports it. What comes from its depths
 * has no other door (the package has no `exports` map).
 */
export interface Provider extends EventEmitter {
  proxy: boolean
  readonly issuer: string
  readonly AccessToken: TokenClass
  readonly ClientCredentials: TokenClass
  readonly RefreshToken: TokenClass
  readonly AuthorizationCode: TokenClass
  readonly Grant: { find(id: string): Promise<GrantModel | undefined> }
  readonly Client: { find(clientId: string): Promise<ClientModel | undefined> }
  readonly ResourceServer: new (identifier: string, info: object) => object
  /** Runs around whatever the provider does for a request. */
  use(middleware: (context: ProviderContext, next: () => Promise<void>) => Promise<void>): unknown
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  registerGrantType(
    name: string,
    handler: GrantHandler,
    parameters: Iterable<string>,
    repeatable?: Iterable<string>,
  ): void
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<InteractionRecord>
  /** Keeps the result and answers where the browser goes on. */
  interactionResult(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
    options?: { mergeWithLastSubmission?: boolean },
  ): Promise<string>
}

export type GrantHandler = (context: ProviderContext) => Promise<void>

export interface ProviderError extends Error {
  readonly error: string
  readonly error_description?: string
  readonly statusCode: number
  readonly expose: boolean
}

type ErrorClass = new (description?: string, detail?: string) => ProviderError

interface Errors {
  readonly InvalidClient: ErrorClass
  readonly InvalidClientAuth: ErrorClass
  readonly InvalidGrant: ErrorClass
  readonly InvalidScope: new (description: string, scope: string) => ProviderError
  readonly InvalidTarget: ErrorClass
  readonly InvalidRequest: ErrorClass
  readonly InvalidAuthorizationDetails: ErrorClass
  readonly TemporarilyUnavailable: ErrorClass
  readonly UnauthorizedClient: ErrorClass
}

interface Policy {
  readonly Prompt: new (options: { name: string; requestable: boolean }, ...checks: object[]) => object
  readonly Check: new (
    reason: string,
    description: string,
    error: string,
    check: (context: ProviderContext) => boolean,
  ) => object
}

/** What the built-in grant handlers are made of. */
interface GrantParts {
  validateGrant(provider: Provider, context: ProviderContext, grantId: string): Promise<GrantModel>
  resolveAndApplyResource(
    provider: Provider,
    context: ProviderContext,
    source: SourceModel,
    ...rest: [token: AccessTokenModel, grant: GrantModel, scope?: ReadonlySet<string>]
  ): Promise<string | undefined>
  applyAuthorizationDetails(
    provider: Provider,
    context: ProviderContext,
    token: AccessTokenModel,
    source: SourceModel,
  ): Promise<void>
  buildTokenResponse(provider: Provider, response: object): Record<string, unknown>
}

interface GrantCommon {
  validateAccount(
    provider: Provider,
    context: ProviderContext,
    source: SourceModel,
    label: string,
  ): Promise<{ readonly accountId: string }>
  createAccessToken(
    provider: Provider,
    context: ProviderContext,
    source: object,
    grantType: string,
  ): AccessTokenModel
  issueIdToken(
    provider: Provider,
    context: ProviderContext,
    source: SourceModel,
    ...rest: [token: AccessTokenModel, grant: GrantModel, scope?: ReadonlySet<string>]
  ): Promise<string | undefined>
}

interface Internals {
  readonly grantTypeHandlers: Map<string, GrantHandler>
  readonly grantTypeParams: Map<string, Set<string>>
  readonly responseModes: Map<string, unknown>
  readonly jwks: { readonly keys: readonly object[] }
}

export const Provider: {
  new (issuer: string, configuration: object): Provider
  /** The request that is being answered in this asynchronous flow. */
  readonly ctx: ProviderContext | undefined
} = library.Provider
export const errors: Errors = library.errors
export const interactionPolicy: Policy = library.interactionPolicy
export const grantParts: GrantParts = untypedGrants
export const grantCommon: GrantCommon = untypedGrantCommon
export const internalsOf: (provider: Provider) => Internals = untypedGrantTypes

/** Makes these the provider's keys, all at once; the first that fits signs. */
export function replaceKeys(provider: Provider, keys: readonly object[]): void {
  untypedInitializeKeyStore.call(provider, { keys })
}
