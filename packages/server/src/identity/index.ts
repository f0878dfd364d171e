export { listActing } from './account/acting-grants.ts'
export { createGatekeeper } from './authenticate.ts'
export type { Authenticate, Authenticated, Gatekeeper, StoredKey, VerifyToken } from './authenticate.ts'
export { BOOTSTRAP_KEY_PREFIX, createBootstrapKey, hashKey } from './bootstrap-key.ts'
export type {
  CapabilityGroup,
  DescribeCapabilities,
  Effect,
  OfferedCapability,
  ServerOffer,
} from './consent/capability-offer.ts'
export { voucher } from './consent/app-voucher.ts'
export { createFormTickets } from './consent/form-ticket.ts'
export { createIdentity } from './create-identity.ts'
export type { Identity, IdentityOptions, IdentityStart } from './create-identity.ts'
export { Challenge } from './guard/challenge.ts'
export type { Challenges } from './guard/challenge.ts'
export { createMetadataHandler } from './guard/protected-resources.ts'
export { createTokenVerifiers } from './guard/token-verifiers.ts'
export { createHopTokens } from './hop-tokens.ts'
export type { HopTokens, SignToken } from './hop-tokens.ts'
export { openBootstrapKey, openStateKey, writeCredentials } from './hub-keys.ts'
export type { BootstrapKey } from './hub-keys.ts'
export { createConsentPages } from './just-in-time/consent-request-page.ts'
export type { ConsentRequest } from './just-in-time/consent-request-store.ts'
export { createConsentRequests } from './just-in-time/consent-requests.ts'
export type { ConsentRequests } from './just-in-time/consent-requests.ts'
export type { SigningKeys, SigningKeyView } from './keys/signing-keys.ts'
export type { FindClient } from './provider/adapter.ts'
export type { AccessTokenModel, ProviderContext } from './provider/types.ts'
export type {
  DeclaredResource,
  OutsideResources,
  OutsideResourceView,
} from './resources/outside-resources.ts'
export type { Resource, Resources } from './resources/resource.ts'
export type { TokenClaims } from './tokens/sign-token.ts'
export type { OwnTokenClaims } from './tokens/verify-own-token.ts'
export { SEALED_SIGNING_KEYS } from './keys/signing-key-store.ts'
export { namesConnectionToken } from './token-exchange/find-connection-token.ts'
export type { FindConnectionToken } from './token-exchange/find-connection-token.ts'
