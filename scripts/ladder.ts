/**
 * The floors of packages/server/src. A room may import rooms of lower floors only, and only through their `index.ts`;
 * `lib` is a shelf of single files and has no door. ARCHITECTURE.md quotes this table.
 */
export const LADDER: Readonly<Record<string, number>> = {
  lib: 0,
  config: 1,
  store: 2,
  http: 3,
  egress: 3,
  activity: 3,
  metrics: 3,
  'tool-search': 3,
  grants: 4,
  revocations: 4,
  sealing: 4,
  pages: 4,
  openapi: 4,
  access: 5,
  people: 5,
  clients: 5,
  identity: 6,
  upstream: 6,
  vault: 6,
  registry: 7,
  bundles: 7,
  gateway: 8,
  api: 10,
  compose: 11,
  'server.ts': 12,
  'main.ts': 13,
  'index.ts': 14,
}
