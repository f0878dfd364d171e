export { createUpstream } from './create-upstream.ts'
export type { UpstreamLimits, UpstreamOptions, UpstreamTarget } from './create-upstream.ts'
export { HUB_META, HUB_TERMS } from './hub-terms.ts'
export { createOrphanGuard } from './orphan-guard.ts'
export type { OrphanGuard } from './orphan-guard.ts'
export type { Translate } from './openapi-upstream.ts'
export type { Lane, LaneExchange, LaneReceiver } from './lane.ts'
export type { Report, ReportKind } from './report.ts'
export type { StdioTarget } from './stdio-child.ts'
export type {
  Channel,
  Credential,
  Era,
  ExchangeEvents,
  ServerNotification,
  SessionTerms,
  Subscription,
  SubscriptionFilter,
  Upstream,
  UpstreamHealth,
  UpstreamInfo,
} from './channel.ts'
export { CredentialRefused } from './http-status-error.ts'
