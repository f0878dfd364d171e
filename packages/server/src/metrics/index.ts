export { createMetrics } from './create-metrics.ts'
export type { Metrics } from './create-metrics.ts'
export type { CountedCall } from './call-counts.ts'
export type { HubState } from './hub-state.ts'
