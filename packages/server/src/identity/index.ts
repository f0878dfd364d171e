export { createAuthenticate } from './authenticate.ts'
export type { Authenticate, StoredKey } from './authenticate.ts'
export { BOOTSTRAP_KEY_PREFIX, createBootstrapKey, hashKey } from './bootstrap-key.ts'
export type {
  CapabilityGroup,
  DescribeCapabilities,
  Effect,
  OfferedCapability,
  ServerOffer,
} from './consent/capability-offer.ts'
export { createIdentity } from './create-identity.ts'
export type { Identity, IdentityOptions, IdentityStart } from './create-identity.ts'
export { openBootstrapKey, openStateKey, writeCredentials } from './hub-keys.ts'
export type { SigningKeys, SigningKeyView } from './keys/signing-keys.ts'
export { errors, grantCommon, grantParts } from './provider/library.ts'
export type { GrantHandler, Provider } from './provider/library.ts'
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
