import type { ActivityFace, AppId, GrantId, PersonId, Principal, TaskId, WebhookId } from '@parley/contract'
import type { A2aVersion, TaskPushNotificationConfig } from '../a2a/index.ts'

/** An address that wants to be told of a task. Its credentials stay in the store. */
export interface Webhook {
  readonly id: WebhookId
  readonly task: TaskId
  /** Its id for the client that set it. */
  readonly name: string
  /** As the client wrote it. */
  readonly url: string
  /** In whose form the events are told. */
  readonly version: A2aVersion
  /** RFC 9110 §11.1. */
  readonly scheme: string | undefined
  /** It is told no longer than their grant stands. */
  readonly setter: Setter
  /** Of whom there may be only so many: who acts for whom, outermost first, as tasks have it. */
  readonly owner: string
  readonly state: WebhookState
  /** Why it is disabled, or what the last failure was. */
  readonly reason: string | undefined
  /** In a row. */
  readonly failures: number
  readonly failingSince: number | undefined
  readonly retryAt: number | undefined
  readonly createdAt: number
  readonly changedAt: number
}

export const WEBHOOK_STATES = ['active', 'disabled'] as const
export type WebhookState = (typeof WEBHOOK_STATES)[number]

export interface WebhookLimits {
  readonly webhooks: number
  readonly webhooksPerTask: number
  readonly webhookEvents: number
  readonly webhookRetryMs: number
  readonly webhookFailures: number
  /** Of a notification from an agent elsewhere. */
  readonly bodyBytes: number
}

/** Who sets or removes it. */
export interface Setter extends Pick<Principal, 'subject' | 'chain'> {
  readonly person?: PersonId | undefined
  readonly app?: AppId | undefined
  readonly grant?: GrantId | undefined
  /** Over which they do; A2A unless it says otherwise. */
  readonly face?: ActivityFace
}

export function ownerOf({ chain, subject }: Setter): string {
  return chain.length === 0 ? subject : chain.map(({ id }) => id).join(' ')
}

/** What a receiver has to show to be believed; opened only to be sent. */
export interface WebhookSecrets {
  readonly credentials: string | undefined
  readonly token: string | undefined
}

/** As clients get it. Credentials and token are left out: who set them has them, and nobody else needs them (H3). */
export function toConfig({ name, task, url, scheme }: Webhook): TaskPushNotificationConfig {
  return { id: name, taskId: task, url, ...(scheme !== undefined && { authentication: { scheme } }) }
}
