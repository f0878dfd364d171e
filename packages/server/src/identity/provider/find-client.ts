import type { Clients } from '../../clients/index.ts'
import type { FindClient } from './adapter.ts'
import { Provider, errors } from './library.ts'

/** Finds clients in their room. Where a person waits, why there is none is said; elsewhere the provider answers 401. */
export function createFindClient(clients: Pick<Clients, 'resolve'>): FindClient {
  return async (clientId) => {
    const resolution = await clients.resolve(clientId)
    if (resolution.kind === 'client') return resolution.client
    if (Provider.ctx?.oidc.route === 'authorization') throw new errors.InvalidClient(resolution.why)
    return undefined
  }
}
