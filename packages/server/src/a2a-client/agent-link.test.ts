import { startSdkAgent } from '../../test/sdk-agent.ts'
import { A2A_VERSIONS, BINDINGS } from '../a2a/index.ts'
import { agentLinkContract } from './agent-link.contract.ts'

for (const version of A2A_VERSIONS) {
  for (const binding of BINDINGS) agentLinkContract(startSdkAgent, binding, version)
}
