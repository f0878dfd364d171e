export { checkCredentialHeaders } from './check-credential-headers.ts'
export { stateOf } from './connection.ts'
export type {
  Connection,
  ConnectionSecret,
  ConnectionState,
  CredentialHeaders,
  OwnerRule,
} from './connection.ts'
export { SEALED_CONNECTIONS, TO_AGENTS } from './connection-store.ts'
export { createVault } from './create-vault.ts'
export type { VaultTools } from './create-vault.ts'
export type {
  Actor,
  Carry,
  ConnectionChange,
  Needed,
  NewConnection,
  Renewal,
  RenewConnection,
  Use,
  Vault,
} from './vault.ts'
