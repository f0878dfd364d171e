import type { ClientMetadata } from './client-metadata.ts'
import type { Agent, ProofView, ProviderClient } from './clients.ts'

/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** RFC 9396 §10: whoever may ask, may ask in detail. */
const DETAIL_TYPES = ['parley_capability']

/**
 * An app as oidc-provider wants it. It keeps secrets in the clear and compares them itself, so it is given a stand-in
 * of this process that equals no secret: without our own comparison nobody gets in.
 */
export function appToProviderClient(
  clientId: string,
  metadata: ClientMetadata,
  secretStandIn: string,
): ProviderClient {
  const hasSecret = metadata.token_endpoint_auth_method.startsWith('client_secret')
  return {
    client_id: clientId,
    ...metadata,
    authorization_details_types: DETAIL_TYPES,
    ...(hasSecret ? { client_secret: secretStandIn } : {}),
  }
}

/** An agent acts for itself, or with a person's token as what it exchanges; it is never redirected to. */
export function agentToProviderClient(
  agent: Agent,
  proofs: readonly ProofView[],
  secretStandIn: string,
): ProviderClient {
  const keys = proofs.flatMap((proof) => (proof.publicKey ? [proof.publicKey] : []))
  return {
    client_id: agent.id,
    client_name: agent.name,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials', TOKEN_EXCHANGE],
    token_endpoint_auth_method: agent.authMethod,
    authorization_details_types: DETAIL_TYPES,
    ...(agent.authMethod === 'private_key_jwt' ? { jwks: { keys } } : { client_secret: secretStandIn }),
  }
}
