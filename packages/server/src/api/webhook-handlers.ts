import { ParleyError, type Principal, type WebhookView } from '@parley/contract'
import type { WebhookStanding, Webhooks } from '../webhooks/index.ts'
import type { ApiHandlers } from './handlers.ts'
import { pageOf } from './page-of.ts'

export interface WebhookTools {
  readonly webhooks: Webhooks
}

/** Addresses that are told of tasks, as administrators see them. */
export function webhookHandlers({ webhooks }: WebhookTools) {
  return {
    listWebhooks: async ({ query }) => {
      const wanted = webhooks
        .all()
        .map(view)
        .filter(({ state }) => query.state === undefined || state === query.state)
      const { items, next } = pageOf(wanted, query.after)
      return { webhooks: items, next }
    },
    enableWebhook: async ({ parameters, principal }) => {
      const enabled = await webhooks.enable(parameters.webhook, who(principal))
      if (!enabled) throw noWebhook()
      return view(enabled)
    },
    removeWebhook: async ({ parameters, principal }) => {
      if (!(await webhooks.removeAny(parameters.webhook, who(principal)))) throw noWebhook()
      return { removed: parameters.webhook }
    },
  } satisfies Partial<ApiHandlers>
}

function noWebhook(): ParleyError {
  return new ParleyError('not_found', 'There is no such webhook.')
}

function who({ subject, chain, person }: Principal) {
  return { subject, chain, person, face: 'api' } as const
}

function view({ webhook, waiting }: WebhookStanding): WebhookView {
  const { origin, pathname } = new URL(webhook.url)
  return {
    id: webhook.id,
    task: webhook.task,
    name: webhook.name,
    url: origin + pathname,
    version: webhook.version,
    state: webhook.state,
    reason: webhook.reason ?? null,
    failures: webhook.failures,
    retryAt: webhook.retryAt ?? null,
    waiting,
    person: webhook.setter.person ?? null,
    createdAt: webhook.createdAt,
    changedAt: webhook.changedAt,
  }
}
