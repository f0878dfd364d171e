export type { Catalog, CatalogChange, Definition, DefinitionKind, ParamHeader, Registry, ServerEntry } from './catalog.ts'
