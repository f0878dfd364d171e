import type { HopTokens } from '../identity/index.ts'
import type { HeldCalls } from './held-calls.ts'
import type { SessionPool } from './session-pool.ts'
import type { TaskRuns } from './tasks/task-runs.ts'

/** What lives between the requests of modern clients: nothing of theirs but calls on hold, lent sessions and tasks. */
export interface ModernState {
  readonly held: HeldCalls
  readonly pool: SessionPool
  readonly streams: Set<() => void>
  readonly hopTokens: HopTokens
  readonly runs: TaskRuns
}
