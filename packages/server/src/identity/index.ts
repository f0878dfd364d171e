export { createGatekeeper } from './authenticate.ts'
export type { Authenticate, Authenticated, Gatekeeper, StoredKey, VerifyToken } from './authenticate.ts'
export { BOOTSTRAP_KEY_PREFIX, createBootstrapKey, hashKey } from './bootstrap-key.ts'
export { Challenge } from './guard/challenge.ts'
export type { Challenges } from './guard/challenge.ts'
export { METADATA_PATH, createMetadataHandler } from './guard/protected-resources.ts'
export type { BootstrapKey } from './hub-keys.ts'
export { createTokenVerifiers } from './guard/token-verifiers.ts'
export { createIdentity } from './create-identity.ts'
export type { Identity } from './create-identity.ts'
export type {
  CapabilityGroup,
  DescribeCapabilities,
  Effect,
  OfferedCapability,
  ServerOffer,
} from './consent/capability-offer.ts'
export { createConsentPages } from './just-in-time/consent-request-page.ts'
export { openBootstrapKey, openStateKey, writeCredentials } from './hub-keys.ts'
export { createConsentRequests } from './just-in-time/consent-requests.ts'
export type { ConsentRequests } from './just-in-time/consent-requests.ts'
export type { ConsentRequest } from './just-in-time/consent-request-store.ts'
export { createHopTokens } from './hop-tokens.ts'
export type { HopTokens, SignToken } from './hop-tokens.ts'
