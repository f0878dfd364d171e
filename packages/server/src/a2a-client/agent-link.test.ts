import { agentLinkContract } from './agent-link.contract.ts'

agentLinkContract('JSONRPC', '1.0')
agentLinkContract('HTTP+JSON', '1.0')
