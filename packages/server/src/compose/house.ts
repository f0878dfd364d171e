import type { Activity } from '../activity/index.ts'
import type { Config } from '../config/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { Metrics } from '../metrics/index.ts'
import type { MasterKeys, Sealer } from '../sealing/index.ts'
import type { Store } from '../store/index.ts'

export type Log = (message: string, detail: Readonly<Record<string, unknown>>) => void

/** What all rooms stand on. */
export interface House {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly store: Store
  readonly activity: Activity
  readonly metrics: Metrics
  readonly sealer: Sealer
  readonly masterKeys: MasterKeys
  readonly log: Log
  /** Under which clients reach the hub; known once it listens. */
  readonly origin: () => string
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : 'unknown'
}
