import type { TaskId } from '@parley/contract'
import type { StreamResponse, TaskPushNotificationConfig } from '../a2a/index.ts'
import type { Statement } from '../store/index.ts'

/** Push notifications of tasks (specification §3.1.7–3.1.10, §4.3.3): who wants them, and their delivery. */
export interface Webhooks extends AsyncDisposable {
  /**
   * Resolves once it is on disk. Gives an id where there is none; an id that the task has already is replaced. Throws
   * `invalid_params` for an address that egress would not reach, `rate_limited` where the task has as many as it may.
   */
  set(task: TaskId, config: TaskPushNotificationConfig): Promise<TaskPushNotificationConfig>
  /** Credentials are masked (H3). */
  get(task: TaskId, id: string): TaskPushNotificationConfig | undefined
  list(
    task: TaskId,
    page: { readonly size: number; readonly token: string },
  ): { readonly configs: readonly TaskPushNotificationConfig[]; readonly nextPageToken: string }
  /** Idempotent. */
  remove(task: TaskId, id: string): Promise<void>
  /** Whether anyone wants to be told. Read for every event of every task. */
  wants(task: TaskId): boolean
  /**
   * Statements that put the event into the outbox, for the unit of the change that it tells of: then the notification is
   * as durable as the change. Empty where nobody wants it.
   */
  enqueue(task: TaskId, event: StreamResponse): readonly Statement[]
  /** Delivers what is in the outbox, now and after a start; per task and address one after the other. */
  wake(task: TaskId): void
  /** The task is gone. */
  forget(tasks: readonly TaskId[]): readonly Statement[]
}
