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
export type { DeclaredServer, ManagedRegistry, RegistryOptions } from './create-registry.ts'
export { diffDefinitions } from './diff-definitions.ts'
export { isApproved } from './managed-server.ts'
export type { ManagedServer } from './managed-server.ts'
export type { DefinitionRow, ServerTarget } from './registry-store.ts'
