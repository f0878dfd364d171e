import type { MetricFamily } from '../lib/prometheus-text.ts'

/** What is true of the hub now, asked for at each scrape. */
export interface HubState {
  readonly version: string
  readonly streams: number
  readonly sessions: number
  readonly activity: { readonly queued: number; readonly dropped: number; readonly lastSeq: number }
  readonly store: { readonly writable: boolean; readonly waitingUnits: number }
  /** Push notifications of tasks. */
  readonly webhooks: Readonly<Record<'delivered' | 'failed' | 'waiting' | 'active' | 'disabled', number>>
  readonly servers: readonly {
    readonly name: string
    readonly health: string
    readonly heldBack: number
  }[]
}

export function stateFamilies({
  version,
  streams,
  sessions,
  activity,
  store,
  webhooks,
  servers,
}: HubState): MetricFamily[] {
  return [
    gauge('parley_build_info', 'Always 1; the label tells the version.', 1, { version }),
    gauge('parley_event_streams', 'Event streams open to clients.', streams),
    gauge('parley_sessions', 'Sessions open with clients of the session era.', sessions),
    gauge('parley_activity_queued', 'Activity records on their way to the disk.', activity.queued),
    counter('parley_activity_dropped_total', 'Activity records that could not be kept.', activity.dropped),
    gauge('parley_activity_last_seq', 'Number of the newest activity record.', activity.lastSeq),
    gauge('parley_store_writable', '1 while the disk takes writes.', store.writable ? 1 : 0),
    gauge('parley_store_waiting_units', 'Writes that wait for their commit.', store.waitingUnits),
    counter('parley_webhook_delivered_total', 'Notifications that were acknowledged.', webhooks.delivered),
    counter('parley_webhook_failed_total', 'Attempts to notify that failed.', webhooks.failed),
    gauge('parley_webhook_waiting', 'Notifications that are still to be sent.', webhooks.waiting),
    {
      name: 'parley_webhooks',
      type: 'gauge',
      help: 'Addresses that are told of tasks, by state.',
      samples: (['active', 'disabled'] as const).map((state) => ({
        labels: { state },
        value: webhooks[state],
      })),
    },
    {
      name: 'parley_server_ready',
      type: 'gauge',
      help: '1 while the server answers; the label tells its health.',
      samples: servers.map(({ name, health }) => ({
        labels: { server: name, health },
        value: health === 'ready' ? 1 : 0,
      })),
    },
    {
      name: 'parley_server_definitions_held_back',
      type: 'gauge',
      help: 'Definitions of the server that wait for a review.',
      samples: servers.map(({ name, heldBack }) => ({ labels: { server: name }, value: heldBack })),
    },
  ]
}

function gauge(name: string, help: string, value: number, labels: Record<string, string> = {}): MetricFamily {
  return { name, type: 'gauge', help, samples: [{ labels, value }] }
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name, type: 'counter', help, samples: [{ value }] }
}
