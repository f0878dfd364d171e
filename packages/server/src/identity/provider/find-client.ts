import type { ClientResolution, Clients } from '../../clients/index.ts'
import type { FindClient } from './adapter.ts'
import { Provider, errors } from './library.ts'

/** Finds clients in their room. Where a person waits, why there is none is said; elsewhere the provider answers 401. */
export function createFindClient(clients: Pick<Clients, 'resolve'>): FindClient {
  /** By request: the provider asks once more before it tells an error, and a slow host must not be waited for twice. */
  const refusals = new WeakMap<object, { clientId: string; resolution: ClientResolution }>()

  return async (clientId) => {
    const request = Provider.ctx?.oidc
    const before = request && refusals.get(request)
    const resolution = before?.clientId === clientId ? before.resolution : await clients.resolve(clientId)
    if (resolution.kind === 'client') return resolution.client
    if (request) refusals.set(request, { clientId, resolution })
    if (request?.route === 'authorization') throw new errors.InvalidClient(resolution.why)
    return undefined
  }
}
