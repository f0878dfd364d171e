export type { AgentLink, ExchangeOptions, OpenedStream, StreamReceiver } from './agent-link.ts'
