import { basename } from 'node:path'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { Store } from '../store/index.ts'
import type { ApiHandlers } from './handlers.ts'
import type { GrantTools } from './grant-handlers.ts'
import { createMakeBackup } from './keep-backups.ts'
import { nameActors } from './name-actors.ts'
import { openApiDocument } from './openapi-document.ts'

export interface HubTools extends Pick<GrantTools, 'people' | 'clients' | 'grants'> {
  readonly registry: ManagedRegistry | undefined
  readonly activity: Activity
  readonly store: Store
  readonly clock: Clock
  readonly newId: NewId
  readonly dataDir: string
  readonly limits: { readonly backups: number }
  readonly version: string
  readonly origin: () => string
}

const RECORDS_A_PAGE = 100

/** The hub itself: its state, its record, its description, its backup. */
export function hubHandlers({ registry, activity, store, clock, ...tools }: HubTools) {
  const makeBackup = createMakeBackup({ ...tools, store, clock })
  const startedMicros = clock.monotonicMicros()
  return {
    status: async () => {
      const servers = registry?.servers() ?? []
      return {
        name: 'parley' as const,
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
    listActivity: async ({ query }) => {
      const records = activity.list({ before: query.before, limit: RECORDS_A_PAGE })
      return {
        records: records.map(({ seq, record }) => ({ seq, ...record })),
        names: nameActors(
          records.map(({ record }) => record),
          tools,
        ),
        next: records.length === RECORDS_A_PAGE ? records.at(-1)!.seq : null,
      }
    },
    openapi: async () => openApiDocument({ version: tools.version, origin: tools.origin() }),
    backup: async ({ principal }) => {
      const made = await makeBackup()
      const note = basename(made.file)
      const about = { action: 'hub.backup', subject: principal.subject, chain: principal.chain, note }
      await store.submit([activity.statement(recordOf({ clock, newId: tools.newId }, about))])
      return made
    },
  } satisfies Partial<ApiHandlers>
}
