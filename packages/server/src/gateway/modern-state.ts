import type { Clock } from '../lib/clock.ts'
import type { CredentialSources } from './call-credential.ts'
import type { HeldCalls } from './held-calls.ts'
import type { ListCache } from './list-cache.ts'
import type { SessionPool } from './session-pool.ts'
import type { TaskRuns } from './tasks/task-runs.ts'

/** What lives between the requests of modern clients: nothing of theirs but calls on hold, lent sessions and tasks. */
export interface ModernState {
  readonly held: HeldCalls
  readonly pool: SessionPool
  readonly streams: Set<() => void>
  readonly sources: CredentialSources
  readonly lists: ListCache
  readonly runs: TaskRuns
  readonly clock: Clock
}
