import { startSdkAgent } from '../../test/sdk-agent.ts'
import { agentLinkContract } from './agent-link.contract.ts'

agentLinkContract(startSdkAgent, 'JSONRPC', '1.0')
agentLinkContract(startSdkAgent, 'HTTP+JSON', '1.0')
agentLinkContract(startSdkAgent, 'GRPC', '1.0')
