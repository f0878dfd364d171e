import type { WebhookView } from '@parley/contract'
import { columns } from '../columns.ts'
import type { Answer, Command } from '../command.ts'
import { readPages } from '../find/read-pages.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = ['webhooks list [--disabled]', 'webhooks enable|remove WEBHOOK']
const ACTIONS = { list: 0, enable: 1, remove: 1 } as const

export const webhooks: Command = {
  usage: USAGE,
  summary: 'Addresses that are told of tasks (push notifications): look at, tell again, end.',
  about: [
    'An address that fails too often is disabled. enable tells it how its task stands, then all that comes.',
    'Clients set and delete their own over A2A.',
  ],
  options: {
    disabled: { type: 'boolean', about: 'With list: only those that are told nothing more.' },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    if (action === 'list') return list(hub, given.values['disabled'] === true)
    const path = `/api/webhooks/${encodeURIComponent(names[0]!)}`
    if (action === 'remove') {
      await given.confirm(`Tell ${names[0]} nothing more?`)
      return { value: await hub.api('DELETE', path), text: `Removed ${names[0]}.` }
    }
    const enabled = (await hub.api('POST', `${path}/enable`)) as WebhookView
    return { value: enabled, text: `${enabled.id}  ${enabled.state}` }
  },
}

async function list(hub: HubClient, onlyDisabled: boolean): Promise<Answer> {
  const path = onlyDisabled ? '/api/webhooks?state=disabled' : '/api/webhooks'
  const all = await readPages<WebhookView>(hub, path, 'webhooks')
  const rows = all.map(({ id, state, task, url, waiting, failures, reason }) => [
    id,
    state,
    task,
    url,
    `${waiting} waiting`,
    failures > 0 ? `${failures} failures: ${reason}` : '',
  ])
  return { value: { webhooks: all }, text: columns(rows) || 'None.' }
}
