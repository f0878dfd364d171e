import { join } from 'node:path'
import type { AddServerBody, ReviewBody, ServerView, StatusView } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import {
  diffDefinitions,
  isApproved,
  testServer,
  type DefinitionRow,
  type ManagedRegistry,
  type ManagedServer,
} from '../registry/index.ts'
import type { Store } from '../store/index.ts'
import type { ApiHandlers } from './create-api.ts'
import { openApiDocument } from './openapi-document.ts'

export interface RouteTools {
  readonly registry: ManagedRegistry
  readonly activity: Activity
  readonly store: Store
  readonly clock: Clock
  readonly dataDir: string
  readonly version: string
  readonly origin: () => string
}

/** What each route of the contract does. */
export function createRoutes(tools: RouteTools): ApiHandlers {
  const { registry, activity, store, clock } = tools
  const startedMicros = clock.monotonicMicros()
  const view = (server: ManagedServer) => serverView(server, tools.origin())
  const detail = (server: ManagedServer) => ({
    ...view(server),
    definitions: server.definitions.map(definitionView),
  })

  return {
    status: async (): Promise<StatusView> => {
      const servers = registry.servers()
      return {
        name: 'parley',
        version: tools.version,
        uptimeSeconds: Math.floor((clock.monotonicMicros() - startedMicros) / 1e6),
        store: store.status(),
        servers: {
          total: servers.length,
          ready: servers.filter((server) => server.health === 'ready').length,
          quarantinedDefinitions: servers.reduce((sum, server) => sum + server.heldBack, 0),
        },
        activity: activity.status(),
      }
    },
    listServers: async () => ({ servers: registry.servers().map(view) }),
    addServer: async ({ body, principal }) =>
      detail(await registry.add(body as AddServerBody, principal.subject)),
    showServer: async ({ parameters }) => detail(registry.server(parameters['name']!)),
    reviewServer: async ({ parameters, body, principal }) =>
      detail(await registry.approve(parameters['name']!, (body as ReviewBody).approve, principal.subject)),
    refreshServer: async ({ parameters }) => detail(await registry.refresh(parameters['name']!)),
    removeServer: async ({ parameters, principal }) => {
      await registry.remove(parameters['name']!, principal.subject)
      return { removed: parameters['name']! }
    },
    testServer: async ({ parameters }) => testServer(registry.server(parameters['name']!), clock),
    listActivity: async ({ query }) => {
      const before = Number(query.get('before'))
      const records = activity.list({ before: before > 0 ? before : undefined, limit: 100 })
      return {
        records: records.map(({ seq, record }) => ({ seq, ...record })),
        next: records.length === 100 ? records.at(-1)!.seq : null,
      }
    },
    openapi: async () => openApiDocument({ version: tools.version, origin: tools.origin() }),
    backup: async () => {
      const file = join(
        tools.dataDir,
        `backup-${new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')}.db`,
      )
      return { file, bytes: await store.backup(file) }
    },
  }
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
    target: target.transport === 'http' ? target.url : [target.command, ...target.args].join(' '),
    source: server.row.source,
    state: server.row.state,
    health: server.health,
    era: info?.era ?? null,
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
    endpoint: `${origin}/mcp/servers/${server.name}`,
  }
}

function definitionView(row: DefinitionRow) {
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
    diff: isApproved(row) || row.approvedBody === null ? [] : diffDefinitions(row.approvedBody, body),
  }
}
