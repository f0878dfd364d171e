import { agentLinkContract } from './agent-link.contract.ts'

agentLinkContract('JSONRPC', '1.0')
