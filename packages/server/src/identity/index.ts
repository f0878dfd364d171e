export { createAuthenticate } from './authenticate.ts'
export type { Authenticate, StoredKey } from './authenticate.ts'
export { BOOTSTRAP_KEY_PREFIX, createBootstrapKey, hashKey } from './bootstrap-key.ts'
export { openBootstrapKey, openStateKey, writeCredentials } from './hub-keys.ts'
