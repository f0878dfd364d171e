import { randomBytes } from 'node:crypto'
import type { CallbackListener } from './callback-listener.ts'

/** How an app comes to its client_id. */
export type Registration =
  | { readonly kind: 'CIMD'; readonly url: string }
  | { readonly kind: 'DCR' }
  | { readonly kind: 'pre-registered'; readonly clientId: string; readonly clientSecret: string | undefined }

/** What an MCP application keeps for the SDKs' OAuth clients, v1 and v2 alike. */
export class SdkProvider {
  readonly redirectUrl: string
  readonly clientMetadata: Record<string, unknown>
  readonly clientMetadataUrl?: string
  /** Addresses that it asked its person to open. */
  readonly opened: URL[] = []
  information: any
  kept: any
  #verifier = ''
  #discovery: any
  readonly #state = randomBytes(16).toString('base64url')

  constructor({ redirectUri }: CallbackListener, registration: Registration) {
    this.redirectUrl = redirectUri
    this.clientMetadata = clientMetadata(redirectUri)
    if (registration.kind === 'CIMD') this.clientMetadataUrl = registration.url
    if (registration.kind === 'pre-registered')
      this.information = {
        client_id: registration.clientId,
        ...(registration.clientSecret !== undefined && { client_secret: registration.clientSecret }),
      }
  }

  state() {
    return this.#state
  }

  clientInformation() {
    return this.information
  }

  saveClientInformation(information: object) {
    this.information = information
  }

  discoveryState() {
    return this.#discovery
  }

  saveDiscoveryState(state: object) {
    this.#discovery = state
  }

  tokens() {
    return this.kept
  }

  saveTokens(tokens: object) {
    this.kept = tokens
  }

  codeVerifier() {
    return this.#verifier
  }

  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }

  redirectToAuthorization(url: URL) {
    this.opened.push(url)
  }

  invalidateCredentials(scope: string) {
    if (scope === 'all' || scope === 'tokens') this.kept = undefined
    if (scope === 'all' || scope === 'client') this.information = undefined
  }
}

export function clientMetadata(redirectUri: string) {
  return {
    client_name: 'Test desk',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
}
