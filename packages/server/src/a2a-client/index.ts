export type { AgentLink, ExchangeOptions, LinkHealth, OpenedStream, StreamReceiver } from './agent-link.ts'
export { AGENT_LINK_LIMITS, createAgentLinks } from './create-agent-links.ts'
export type { AgentLinkLimits, AgentLinks, AgentLinksOptions, LinkTerms } from './create-agent-links.ts'
export { AgentCredentialRefused } from './status-error.ts'
