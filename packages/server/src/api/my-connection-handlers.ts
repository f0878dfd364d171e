import { ParleyError } from '@parley/contract'
import { actorOf, createConnectionDesk, type ConnectionTools } from './connection-desk.ts'
import type { ApiHandlers } from './handlers.ts'
import { meOf } from './me-handlers.ts'
import { pageOf } from './page-of.ts'

/** A person's own connections; what is somebody else's, or a server that is not for them, is not found. */
export function myConnectionHandlers(tools: ConnectionTools) {
  const { vault, registry, access } = tools
  const { view, find, save, test } = createConnectionDesk(tools)
  return {
    listMyConnections: async ({ principal, query }) => {
      const me = meOf(principal)
      const own = vault.list().filter(({ person }) => person === me)
      const { items, next } = pageOf(own, query.after)
      return { connections: items.map(view), next }
    },
    addMyConnection: async ({ body, principal }) => {
      const person = meOf(principal)
      const server = registry?.servers().find(({ name }) => name === body.server)
      if (!server || server.row.state !== 'approved' || !access.mayUse(person, body.server))
        throw new ParleyError('not_found', `There is no server "${body.server}".`)
      if (vault.rule(server.id) === 'shared')
        throw new ParleyError('forbidden', `All calls to "${body.server}" take the shared connection.`)
      return view(await save({ server, person }, body, actorOf(principal)))
    },
    removeMyConnection: async ({ parameters: { connection }, principal }) => {
      await vault.remove(find(connection, meOf(principal)).id, actorOf(principal))
      return { removed: connection }
    },
    testMyConnection: async ({ parameters, principal }) => test(find(parameters.connection, meOf(principal))),
  } satisfies Partial<ApiHandlers>
}
