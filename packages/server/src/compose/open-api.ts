import { createApi, createMetricsHandler, createRoutes } from '../api/index.ts'
import type { Connect } from '../connect/index.ts'
import type { Bundles } from '../bundles/index.ts'
import type { ManagedDirectory } from '../directory/index.ts'
import type { A2aHub } from '../hub/index.ts'
import type { RawHandler } from '../http/index.ts'
import type { HubState } from '../metrics/index.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { Vault } from '../vault/index.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Webhooks } from '../webhooks/index.ts'
import type { House } from './house.ts'
import type { Enforcement } from './open-enforcement.ts'
import type { IdentityRooms } from './open-identity.ts'

type ApiRooms = Pick<IdentityRooms, 'access' | 'people' | 'clients' | 'grants' | 'identity'> & Enforcement

export function openApi(
  house: House,
  rooms: ApiRooms & {
    readonly registry: ManagedRegistry | undefined
    readonly directory: ManagedDirectory | undefined
    readonly connect: Connect | undefined
    readonly vault: Vault
    readonly agentVault: Vault
    readonly tasks: Tasks
    readonly hub: Pick<A2aHub, 'cancelTask'> | undefined
    readonly webhooks: Webhooks
    readonly bundles: Bundles
    readonly version: string
  },
): RawHandler {
  const { log, metrics, config } = house
  const { keys, outsideResources } = rooms.identity
  return createApi({
    ...house,
    ...rooms,
    challenges: rooms.gatekeeper.challenges('/api'),
    handlers: createRoutes({
      ...house,
      ...rooms,
      cancelAgentTask: async (id, words) => rooms.hub?.cancelTask(id, words),
      keys,
      outsideResources,
      bootstrapKey: rooms.key,
      dataDir: config.dataDir,
      limits: config.limits,
    }),
    onError: (error) => log('a request failed', { error: String(error) }),
    onCall: ({ method, ...call }) => metrics.countCall({ face: 'api', action: method, ...call }),
  })
}

export function openMetrics(
  { metrics }: House,
  rooms: Pick<IdentityRooms, 'access'> & Enforcement & { readonly state: () => HubState },
): RawHandler {
  return createMetricsHandler({
    ...rooms,
    challenges: rooms.gatekeeper.challenges('/api'),
    text: () => metrics.text(rooms.state()),
  })
}
