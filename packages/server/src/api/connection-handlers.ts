import { ParleyError } from '@parley/contract'
import type { ManagedRegistry } from '../registry/index.ts'
import { actorOf, createConnectionDesk, type ConnectionTools } from './connection-desk.ts'
import type { ApiHandlers } from './handlers.ts'
import { pageOf } from './page-of.ts'

/** The connections of all, as administrators keep them. */
export function connectionHandlers(tools: ConnectionTools) {
  const { vault, registry } = tools
  const { view, find, save, test } = createConnectionDesk(tools)
  return {
    listConnections: async ({ query }) => {
      const { items, next } = pageOf(vault.list(), query.after)
      const rules = (registry?.servers() ?? [])
        .map(({ id, name }) => ({ server: name, owner: vault.rule(id) }))
        .filter(({ owner }) => owner !== 'either')
      return { connections: items.map(view), next, rules }
    },
    addConnection: async ({ body, principal }) => {
      const server = known(registry).server(body.server)
      const connection = await save({ server, person: null }, body, actorOf(principal))
      await known(registry).refresh(body.server)
      return view(connection)
    },
    showConnection: async ({ parameters }) => view(find(parameters.connection)),
    removeConnection: async ({ parameters: { connection }, principal }) => {
      await vault.remove(connection, actorOf(principal))
      return { removed: connection }
    },
    testConnection: async ({ parameters }) => {
      const connection = find(parameters.connection)
      if (connection.person === null) return test(connection)
      throw new ParleyError('forbidden', 'Only its owner may try a personal connection.')
    },
    setConnectionRule: async ({ parameters: { name }, body: { owner }, principal }) => {
      await vault.setRule(known(registry).server(name).id, owner, actorOf(principal))
      return { server: name, owner }
    },
  } satisfies Partial<ApiHandlers>
}

function known(registry: ManagedRegistry | undefined): ManagedRegistry {
  if (registry) return registry
  throw new ParleyError('not_found', 'This hub is an authorization server alone, without MCP servers.')
}
