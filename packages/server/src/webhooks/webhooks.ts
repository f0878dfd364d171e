import type { TaskId, WebhookId } from '@parley/contract'
import type { A2aTask, A2aVersion, StreamResponse, TaskPushNotificationConfig } from '../a2a/index.ts'
import type { RawHandler } from '../http/index.ts'
import type { Statement } from '../store/index.ts'
import type { Setter, Webhook } from './webhook.ts'

/** Push notifications of tasks (specification §3.1.7–3.1.10, §4.3.3): who wants them, and their delivery. */
export interface Webhooks extends AsyncDisposable {
  /**
   * Resolves once it is on disk. Gives an id where there is none; an id that the task has already is replaced, and works
   * again if it was disabled. Throws `invalid_params` for an address that egress would not reach, `rate_limited` where
   * the task, or who sets it, has as many as they may. The task need not be there yet: what is set before the task is
   * made misses nothing.
   */
  set(
    task: TaskId,
    config: TaskPushNotificationConfig,
    how: { readonly by: Setter; readonly version: A2aVersion },
  ): Promise<TaskPushNotificationConfig>
  /** Without credentials (H3). */
  get(task: TaskId, id: string): TaskPushNotificationConfig | undefined
  /** The oldest first. Throws `invalid_params` for a token that is none of its own. */
  list(
    task: TaskId,
    page: { readonly size: number; readonly token: string },
  ): { readonly configs: readonly TaskPushNotificationConfig[]; readonly nextPageToken: string }
  /** Idempotent. Nothing more is begun to be sent there. */
  remove(task: TaskId, id: string, by: Setter): Promise<void>
  /** Whether anyone wants to be told. Read for every event of every task. */
  wants(task: TaskId): boolean
  /**
   * Statements that put the event into the outbox, for the unit of the change that it tells of: then the notification is
   * as durable as the change. Empty where nobody wants it. Events are told in the order of their units.
   */
  enqueue(task: TaskId, event: StreamResponse): readonly Statement[]
  /** The unit is on disk: delivers what is in the outbox, per task and address one after the other. */
  wake(task: TaskId): void
  /** For the unit that removes the tasks; undelivered events go with them. Once it is on disk, `forgotten` is told. */
  forget(tasks: readonly TaskId[]): readonly Statement[]
  forgotten(tasks: readonly TaskId[]): void
  /** Who keeps the tasks; before the start. */
  attach(tasks: TaskSide): void
  /** The hub listens: from now on there are deliveries, those of before the start first. Nothing without tasks. */
  start(): void

  /**
   * A new address of the hub's own that an agent elsewhere may be given for one task: who knows it can tell of that task.
   * Good until `closeInbox` or `forget`.
   */
  openInbox(task: TaskId): Promise<string>
  /** For the unit in which the task ends. */
  closeInbox(task: TaskId): Statement
  /** Answers `/a2a/notify/…`. */
  readonly inbox: RawHandler

  /** For administrators, in the order of their ids. */
  all(): readonly WebhookStanding[]
  /** Works again, and is told how the task stands. Undefined where there is none. */
  enable(id: WebhookId, by: Setter): Promise<WebhookStanding | undefined>
  /** False where there is none. */
  removeAny(id: WebhookId, by: Setter): Promise<boolean>
  /** Ends those of whoever lost what they may: at once, without a last word. */
  cut(isMeant: (setter: Setter) => boolean): Promise<void>
  counts(): WebhookCounts
}

export interface WebhookStanding {
  readonly webhook: Webhook
  /** Events that are still to be told. */
  readonly waiting: number
}

/** Since the start, and as it is now. */
export interface WebhookCounts {
  readonly delivered: number
  /** Attempts. */
  readonly failed: number
  readonly waiting: number
  readonly active: number
  readonly disabled: number
}

/** What only those know who keep the tasks. */
export interface TaskSide {
  /**
   * The task as it stands on disk, which holds all that the events in the outbox tell, for addresses that are told the
   * state in the place of too many events; undefined when it is gone.
   */
  readTask(task: TaskId): A2aTask | undefined
  /** Under which id the agent elsewhere has the task; undefined while that is not known. */
  agentTaskOf(task: TaskId): string | undefined
  /** An agent told of a task; its own ids stand in the event. A `ParleyError` thrown is the agent's answer. */
  onNotification(task: TaskId, event: StreamResponse): void | Promise<void>
}
