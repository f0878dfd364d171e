import { z } from 'zod'
import { idOf, instant, nextPage, pageQuery, type ApiRoute } from './api-route.ts'

const state = z.enum(['active', 'disabled'])

export const webhookView = z.object({
  id: idOf('webhook'),
  task: idOf('task'),
  /** Its id for the client that set it. */
  name: z.string(),
  /** Without its query, which may hold a secret. */
  url: z.string(),
  /** Of A2A, in whose form it is told. */
  version: z.string(),
  state,
  /** Why it is disabled, or what the last failure was. */
  reason: z.string().nullable(),
  /** In a row. */
  failures: z.number(),
  /** When it is tried again. */
  retryAt: instant.nullable(),
  /** Notifications that are still to be sent. */
  waiting: z.number(),
  /** In whose name it was set. */
  person: idOf('person').nullable(),
  createdAt: instant,
  changedAt: instant,
})

export type WebhookView = z.infer<typeof webhookView>

const WEBHOOK = '/api/webhooks/{webhook}'

/** Addresses that are told of tasks (push notifications of A2A). */
export const webhookRoutes = {
  listWebhooks: {
    method: 'GET',
    path: '/api/webhooks',
    summary: 'Addresses that are told of tasks',
    action: 'tasks.read',
    query: pageQuery.extend({ state: state.optional().describe('Only those that are so.') }),
    response: z.object({ webhooks: z.array(webhookView), next: nextPage }),
  },
  enableWebhook: {
    method: 'POST',
    path: `${WEBHOOK}/enable`,
    summary: 'Tell an address again that failed too often, first how its task stands',
    action: 'tasks.manage',
    response: webhookView,
  },
  removeWebhook: {
    method: 'DELETE',
    path: WEBHOOK,
    summary: 'Tell an address nothing more',
    action: 'tasks.manage',
    response: z.object({ removed: z.string() }),
  },
} as const satisfies Record<string, ApiRoute>
