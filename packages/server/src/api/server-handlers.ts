import { ParleyError, type ServerView } from '@parley/contract'
import type { Connect } from '../connect/index.ts'
import { diffJson } from '../lib/diff-json.ts'
import type { Clock } from '../lib/clock.ts'
import {
  isApproved,
  testServer,
  type DefinitionRow,
  type ManagedRegistry,
  type ManagedServer,
} from '../registry/index.ts'
import type { ApiHandlers } from './handlers.ts'

export interface ServerTools {
  /** Undefined where the authorization server runs alone. */
  readonly registry: ManagedRegistry | undefined
  readonly connect: Pick<Connect, 'giveClient' | 'takeClient'> | undefined
  readonly clock: Clock
  readonly origin: () => string
}

/** MCP servers behind the hub. */
export function serverHandlers({ registry, connect, clock, origin }: ServerTools) {
  const known = () => {
    if (registry) return registry
    throw new ParleyError('not_found', 'This hub is an authorization server alone, without MCP servers.')
  }
  const view = (server: ManagedServer) => serverView(server, origin())
  const detail = (server: ManagedServer) => ({
    ...view(server),
    definitions: server.definitions.map((row) => definitionView(server, row)),
  })
  return {
    listServers: async () => ({ servers: (registry?.servers() ?? []).map(view) }),
    addServer: async ({ body, principal }) => detail(await known().add(body, principal.subject)),
    showServer: async ({ parameters }) => detail(known().server(parameters.name)),
    reviewServer: async ({ parameters, body, principal }) =>
      detail(await known().approve(parameters.name, body.approve, principal.subject)),
    setServerContent: async ({ parameters, body, principal }) =>
      detail(await known().setContent(parameters.name, body, principal.subject)),
    refreshServer: async ({ parameters }) => detail(await known().refresh(parameters.name)),
    replaceDocument: async ({ parameters, body, principal }) =>
      detail(await known().replaceDocument(parameters.name, body.document, principal.subject)),
    removeServer: async ({ parameters, principal }) => {
      await known().remove(parameters.name, principal.subject)
      return { removed: parameters.name }
    },
    giveServerClient: async ({ parameters: { name }, body, principal }) => {
      known().server(name)
      const given = { clientId: body.clientId, clientSecret: body.clientSecret, issuer: body.issuer }
      const { issuer, clientId, redirectUri } = await connect!.giveClient(name, given, principal.subject)
      return { server: name, issuer, clientId, redirectUri }
    },
    takeServerClient: async ({ parameters: { name }, principal }) => {
      known().server(name)
      await connect!.takeClient(name, principal.subject)
      return { removed: name }
    },
    testServer: async ({ parameters }) => testServer(known().server(parameters.name), clock),
  } satisfies Partial<ApiHandlers>
}

function serverView(server: ManagedServer, origin: string): ServerView {
  const count = (kind: string) =>
    server.definitions.filter((row) => row.kind === kind && isApproved(row)).length
  const { target } = server.row
  const info = server.info
  return {
    id: server.id,
    name: server.name,
    transport: target.transport,
    target: target.transport === 'stdio' ? [target.command, ...target.args].join(' ') : target.url,
    source: server.row.source,
    state: server.row.state,
    health: server.health,
    era: info?.revision ?? null,
    serverInfo: info?.serverInfo
      ? { name: String(info.serverInfo['name']), version: String(info.serverInfo['version']) }
      : null,
    lastError: server.lastError ?? null,
    lastSeenAt: server.lastSeenAt ?? null,
    counts: {
      tools: count('tool'),
      prompts: count('prompt'),
      templates: count('template'),
      quarantined: server.heldBack,
    },
    content: server.content,
    endpoint: `${origin}/mcp/servers/${server.name}`,
  }
}

function definitionView(server: ManagedServer, row: DefinitionRow) {
  const { kind, name, hash, approvedHash, reason, firstSeenAt, body } = row
  return {
    kind,
    name,
    state: row.gone ? ('gone' as const) : isApproved(row) ? ('approved' as const) : ('quarantined' as const),
    hash,
    approvedHash,
    description: typeof body['description'] === 'string' ? body['description'] : null,
    firstSeenAt,
    reason,
    findings: server.findingsOf(row),
    diff: isApproved(row) || row.approvedBody === null ? [] : diffJson(row.approvedBody, body),
  }
}
