import type { Principal } from '@parley/contract'
import type { Delegations } from './delegations.ts'
import type { HeldSends } from './held-sends.ts'
import type { HubTools } from './hub-call.ts'
import type { Mirrors } from './mirrors.ts'
import type { RecentSends } from './recent-sends.ts'
import type { TaskNames } from './task-names.ts'

/** What the operations share. */
export interface HubState {
  readonly tools: HubTools
  readonly names: TaskNames
  readonly mirrors: Mirrors
  readonly held: HeldSends
  readonly recent: RecentSends
  readonly delegations: Delegations
  /** Sends that agents have not answered, and for whom. */
  readonly sending: Map<AbortController, Principal>
}
