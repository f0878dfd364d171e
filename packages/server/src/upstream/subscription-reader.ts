import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerNotification, SubscriptionFilter } from './channel.ts'
import type { Report } from './report.ts'

const FILTER_OF: Readonly<Record<string, Exclude<keyof SubscriptionFilter, 'resourceSubscriptions'>>> = {
  'notifications/tools/list_changed': 'toolsListChanged',
  'notifications/prompts/list_changed': 'promptsListChanged',
  'notifications/resources/list_changed': 'resourcesListChanged',
}

/**
 * What arrives for one modern subscription: first the acknowledgment, then only what was asked for
 * (MCP 2026-07-28, Subscriptions). Anything else is dropped and reported.
 */
export class SubscriptionReader {
  readonly #filter: SubscriptionFilter
  readonly #onNotification: (notification: ServerNotification) => void
  readonly #report: Report
  readonly #opening = Promise.withResolvers<SubscriptionFilter>()
  #isOpen = false

  constructor(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    report: Report,
  ) {
    this.#filter = filter
    this.#onNotification = onNotification
    this.#report = report
  }

  /** Rejects when the subscription ended before it was acknowledged. */
  get acknowledged(): Promise<SubscriptionFilter> {
    return this.#opening.promise
  }

  take(notification: ServerNotification): void {
    const { method, params } = notification
    if (method === 'notifications/subscriptions/acknowledged' && !this.#isOpen) {
      this.#isOpen = true
      this.#opening.resolve(honoured(params?.['notifications']))
    } else if (this.#isOpen && isWanted(notification, this.#filter)) this.#onNotification(notification)
    else this.#report('unexpected-notification', method)
  }

  /** How the subscription ends, from the outcome of its request. `closing` is aborted when it was closed from here. */
  end(running: Promise<Outcome>, closing: AbortSignal): Promise<'graceful' | 'lost'> {
    return running.then(
      (outcome) => {
        this.#opening.reject(refused('error' in outcome ? outcome.error.message : 'it ended at once'))
        return 'graceful' as const
      },
      (error: unknown) => {
        this.#opening.reject(error)
        return closing.aborted ? ('graceful' as const) : ('lost' as const)
      },
    )
  }
}

/**
 * True when a subscriber with this filter asked for the notification. An update may name a part of the resource that
 * was subscribed to, so its URI is not compared; what extensions define is always passed.
 */
function isWanted({ method }: ServerNotification, filter: SubscriptionFilter): boolean {
  const field = FILTER_OF[method]
  if (field !== undefined) return filter[field] === true
  return method !== 'notifications/resources/updated' || (filter.resourceSubscriptions ?? []).length > 0
}

function honoured(value: unknown): SubscriptionFilter {
  if (!isObject(value)) return {}
  const { resourceSubscriptions: uris, ...rest } = value
  const flags = Object.entries(rest).filter(([, flag]) => flag === true)
  const isList = Array.isArray(uris) && uris.every((uri) => typeof uri === 'string')
  return {
    ...(Object.fromEntries(flags) as JsonObject),
    ...(isList ? { resourceSubscriptions: uris as string[] } : {}),
  }
}

/** The server answered, so it is not lost: the status keeps this apart from a connection that failed. */
function refused(why: string): ParleyError {
  return new ParleyError(
    'upstream_unavailable',
    `The server did not open the subscription: ${why.slice(0, 200)}`,
    {
      data: { status: 200 },
    },
  )
}
