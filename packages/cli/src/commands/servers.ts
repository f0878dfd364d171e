import type { ServerView } from '@parley/contract'
import { CliError, type HubClient } from '../hub-client.ts'

interface Definition {
  kind: string
  name: string
  state: string
  hash: string
  reason: string | null
  diff: { pointer: string; before?: unknown; after?: unknown }[]
}

type ServerDetail = ServerView & { definitions: Definition[] }

export const SERVERS_USAGE = `parley servers list
parley servers add NAME URL [--pending]
parley servers show|test|remove NAME
parley servers review NAME [--approve]`

/** `parley servers …`: answers what was asked, and how it reads for people. */
export async function servers(
  hub: HubClient,
  args: readonly string[],
  flags: { readonly pending: boolean; readonly approve: boolean },
): Promise<{ value: unknown; text: string }> {
  const [action, name, url] = args
  if (action === 'list' || action === undefined) {
    const value = (await hub.api('GET', '/api/servers')) as { servers: ServerView[] }
    const text =
      value.servers.map(line).join('\n') ||
      'No servers yet. Add one: parley servers add NAME http://localhost:3000/mcp'
    return { value, text }
  }
  if (name === undefined) throw new CliError(`Which server?\n${SERVERS_USAGE}`)
  const path = `/api/servers/${encodeURIComponent(name)}`
  if (action === 'add') {
    if (url === undefined) throw new CliError(`Which URL?\n${SERVERS_USAGE}`)
    return described(
      (await hub.api('POST', '/api/servers', { name, url, pending: flags.pending })) as ServerDetail,
    )
  }
  if (action === 'show') return described((await hub.api('GET', path)) as ServerDetail)
  if (action === 'review') return review(hub, path, flags.approve)
  if (action === 'remove') return { value: await hub.api('DELETE', path), text: `Removed ${name}.` }
  if (action === 'test') return test(hub, path)
  throw new CliError(`Unknown: servers ${action}\n${SERVERS_USAGE}`)
}

async function review(
  hub: HubClient,
  path: string,
  approve: boolean,
): Promise<{ value: unknown; text: string }> {
  const seen = (await hub.api('GET', path)) as ServerDetail
  const held = seen.definitions.filter((definition) => definition.state === 'quarantined')
  if (held.length === 0 && seen.state === 'approved') return { value: seen, text: 'Nothing is held back.' }
  if (!approve)
    return { value: seen, text: `${held.map(explain).join('\n')}\n\nApprove exactly these: add --approve` }
  const items = held.map(({ kind, name, hash }) => ({ kind, name, hash }))
  const value = (await hub.api('POST', `${path}/review`, { approve: items })) as ServerDetail
  return { value, text: `Approved ${items.length} definitions.\n${line(value)}` }
}

async function test(hub: HubClient, path: string): Promise<{ value: unknown; text: string }> {
  const value = (await hub.api('POST', `${path}/test`, {})) as {
    steps: { step: string; ok: boolean; detail: string; milliseconds: number }[]
  }
  const text = value.steps
    .map((one) => `${one.ok ? 'ok  ' : 'FAIL'} ${one.step}: ${one.detail} (${one.milliseconds} ms)`)
    .join('\n')
  return { value, text }
}

function described(server: ServerDetail): { value: unknown; text: string } {
  const held = server.definitions.filter((definition) => definition.state === 'quarantined')
  const names = server.definitions
    .filter((definition) => definition.state === 'approved')
    .map(({ kind, name }) => `  ${kind} ${name}`)
  return {
    value: server,
    text: [line(server), `  endpoint ${server.endpoint}`, ...names, ...held.map(explain)].join('\n'),
  }
}

function line(server: ServerView): string {
  const { tools, prompts, quarantined } = server.counts
  const held = quarantined > 0 ? `, ${quarantined} held back (parley servers review ${server.name})` : ''
  const error = server.lastError === null ? '' : ` — ${server.lastError}`
  return `${server.name}  ${server.state}  ${server.health}  ${server.era ?? '?'}  ${tools} tools, ${prompts} prompts${held}${error}`
}

function explain(definition: Definition): string {
  const changes = definition.diff.map(
    ({ pointer, before, after }) => `    ${pointer}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
  )
  return [
    `  held back: ${definition.kind} ${definition.name} (${definition.reason ?? 'not approved'})`,
    ...changes,
  ].join('\n')
}
