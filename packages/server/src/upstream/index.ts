export { HUB_TERMS, createUpstream } from './create-upstream.ts'
export type { UpstreamOptions, UpstreamTarget } from './create-upstream.ts'
export type { StdioTarget } from './stdio-child.ts'
export type {
  Channel,
  Era,
  ExchangeEvents,
  Lane,
  LaneController,
  LaneHandler,
  LaneRequest,
  ServerNotification,
  SessionTerms,
  Subscription,
  SubscriptionFilter,
  Upstream,
  UpstreamInfo,
} from './channel.ts'
