import type { AppId, Grant } from '@parley/contract'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clients } from '../../clients/index.ts'
import { registerWorkloadGrants } from '../workloads/register-workload-grants.ts'
import type { WorkloadTools } from '../workloads/workload-tools.ts'
import { createProvider, type ProviderTools } from './create-provider.ts'
import { createFindClient } from './find-client.ts'
import { findPresentedTokens } from './find-presented-tokens.ts'
import type { Provider } from './library.ts'
import { TokenFamilies, type FamilyTools } from './token-families.ts'

export interface AuthorizationServer {
  readonly provider: Provider
  /** `jwt` is what stands behind `token` of the request, for the provider's models to find. */
  readonly answer: (request: IncomingMessage, response: ServerResponse, jwt?: string) => Promise<void>
}

export type AuthorizationServerTools = Omit<
  ProviderTools & WorkloadTools & FamilyTools,
  'families' | 'findClient' | 'clientIdOf' | 'clients'
> & { readonly clients: Clients }

/** oidc-provider with everything that the hub adds to it. */
export function assembleServer(tools: AuthorizationServerTools): AuthorizationServer {
  const { clients } = tools
  const provider = createProvider({
    ...tools,
    families: new TokenFamilies(tools),
    findClient: createFindClient(clients),
    clientIdOf: (holder) => clientIdOfHolder(holder, clients),
  })
  const present = findPresentedTokens(provider, tools.verifyToken)
  registerWorkloadGrants(provider, tools)
  const callback = provider.callback()
  return {
    provider,
    answer(request, response, jwt) {
      if (jwt !== undefined) present(request, jwt)
      return callback(request, response)
    },
  }
}

function clientIdOfHolder(holder: Grant['holder'], clients: Pick<Clients, 'app'>): string | undefined {
  if (holder.kind === 'app') return clients.app(holder.id as AppId)?.clientId
  return holder.kind === 'agent' ? holder.id : undefined
}
