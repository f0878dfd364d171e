import type { Provider } from '../provider/library.ts'
import { registerTokenExchangeGrant } from '../token-exchange/token-exchange-grant.ts'
import { registerClientCredentialsGrant } from './client-credentials-grant.ts'
import type { WorkloadTools } from './workload-tools.ts'

/** The grant types of agents: for themselves, and for whoever's token they were given. */
export function registerWorkloadGrants(provider: Provider, tools: WorkloadTools): void {
  registerClientCredentialsGrant(provider, tools)
  registerTokenExchangeGrant(provider, tools)
}
