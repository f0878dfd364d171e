export type {
  Catalog,
  CatalogChange,
  Definition,
  DefinitionKind,
  ParamHeader,
  Registry,
  ServerEntry,
} from './catalog.ts'
export { createRegistry } from './create-registry.ts'
export type { ConnectedServer, DeclaredServer, ManagedRegistry, RegistryOptions } from './create-registry.ts'
export { isApproved } from './managed-server.ts'
export type { ManagedServer } from './managed-server.ts'
export type { DefinitionRow } from './registry-store.ts'
export type { ApprovedItem } from './review-definitions.ts'
export type { DocumentTarget, ServerTarget } from './server-target.ts'
export { testServer } from './test-server.ts'
