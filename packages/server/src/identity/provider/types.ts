import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from './library.ts'

/** Parameters of a request to the provider, after it has dropped those it does not know. */
export type Parameters = Readonly<Record<string, string | undefined>>

export interface ClientModel {
  readonly clientId: string
  readonly applicationType: 'web' | 'native'
  readonly clientAuthMethod: string
  readonly redirectUris: readonly string[]
  grantTypeAllowed(type: string): boolean
}

/** What a code or a refresh token carries on to the tokens issued for it. */
export interface SourceModel {
  readonly jti: string
  readonly clientId: string
  readonly grantId: string
  readonly accountId: string
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly authTime?: number
  readonly sessionUid?: string
  readonly scope?: string
  readonly scopes: ReadonlySet<string>
  readonly resourceIndicators: ReadonlySet<string>
  readonly isExpired: boolean
  readonly gty?: string
  readonly exp: number
}

export interface AccessTokenModel {
  readonly kind: 'AccessToken' | 'ClientCredentials'
  readonly jti: string
  readonly clientId: string
  readonly grantId?: string
  readonly accountId?: string
  readonly sessionUid?: string
  readonly tokenType: string
  readonly expiration: number
  readonly rar?: unknown
  gty?: string
  scope?: string
  save(): Promise<string>
}

/** A class of the provider's tokens. */
export interface TokenClass {
  new (properties: object): AccessTokenModel
  find: (value: string, options?: { ignoreExpiration?: boolean }) => Promise<SourceModel | undefined>
  instantiate(payload: object): SourceModel
}

export interface GrantModel {
  readonly jti: string
  readonly accountId: string
  readonly clientId: string
  readonly exp: number
  readonly isExpired: boolean
}

/** The provider's context of one request, a Koa context. */
export interface ProviderContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  body: unknown
  type: string
  status: number
  readonly oidc: {
    readonly provider: Provider
    readonly route: string
    readonly client: ClientModel
    readonly params: Record<string, unknown>
    readonly requestParamScopes: ReadonlySet<string>
    readonly session: { uid: string; accountId?: string }
    readonly result?: InteractionResult
    readonly entities: {
      readonly AuthorizationCode?: SourceModel
      readonly RefreshToken?: SourceModel
      readonly Grant?: GrantModel
      readonly AccessToken?: AccessTokenModel
      /** Claims that a grant type of ours adds to the access token. */
      readonly ParleyClaims?: Readonly<Record<string, unknown>>
    }
    entity(name: string, value: unknown): void
  }
}

/** What the pages tell the provider when a person has decided. */
export interface InteractionResult {
  readonly consent?: { readonly grantId: string }
  readonly parley?: { readonly session: string }
  readonly error?: string
}

/** An authorization request that waits for a person. */
export interface InteractionRecord {
  readonly uid: string
  readonly iat: number
  readonly params: Parameters
  readonly result?: InteractionResult
}
