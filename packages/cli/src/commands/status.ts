import type { StatusView } from '@parley/contract'
import type { Command } from '../command.ts'

export const status: Command = {
  usage: ['status'],
  summary: 'How the hub is.',
  async run({ hub }) {
    const value = (await hub().api('GET', '/api/status')) as StatusView
    const { servers, store, activity } = value
    const text = [
      `Parley ${value.version} at ${hub().url}, up ${value.uptimeSeconds} s`,
      `servers   ${servers.ready} of ${servers.total} ready, ${servers.quarantinedDefinitions} definitions held back`,
      `store     SQLite ${store.sqliteVersion}, ${store.journalMode}, ${store.writable ? 'writable' : 'NOT WRITABLE: free some space'}`,
      `activity  ${activity.lastSeq} records, ${activity.queued} queued, ${activity.dropped} dropped`,
    ]
    return { value, text: text.join('\n'), ok: store.writable }
  },
}
