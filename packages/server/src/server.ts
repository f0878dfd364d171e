import { ParleyError } from '@parley/contract'
import { createActivity, type Activity } from './activity/index.ts'
import {
  openApi,
  openChecks,
  openGateway,
  openIdentity,
  openMetrics,
  openRegistry,
  openRights,
  stackOf,
  type House,
  type IdentityRooms,
  type Log,
  type Rights,
} from './compose/index.ts'
import type { Config, Environment } from './config/index.ts'
import { createEgress } from './egress/index.ts'
import type { Gateway } from './gateway/index.ts'
import { EventStreams, createListener, sendJson, type RawHandler } from './http/index.ts'
import { writeCredentials, type HopTokens } from './identity/index.ts'
import { systemClock } from './lib/clock.ts'
import { createNewId, systemRandom } from './lib/random.ts'
import { WriteBatch } from './lib/write-batch.ts'
import { createMetrics, type HubState } from './metrics/index.ts'
import { serveAssets } from './pages/index.ts'
import type { People } from './people/index.ts'
import type { ManagedRegistry } from './registry/index.ts'
import { openSealer } from './sealing/index.ts'
import { openStore, type Store } from './store/index.ts'

export const VERSION = '0.1.0'

export type { Log } from './compose/index.ts'

/** A hub that listens. */
export interface Hub extends AsyncDisposable {
  readonly url: string
  /** The administrator's key, only when it was made at this start. */
  readonly newKey: string | undefined
  /** Makes the first administrator; undefined when there is one. Works once, and until the next start. */
  readonly setupLink: string | undefined
  /** Accounts: administrators manage them here. */
  readonly people: People
  /** Grants, apps and tokens, for who manages the hub from inside. */
  readonly rights: Pick<Rights, 'grants' | 'revocations'> &
    Pick<IdentityRooms, 'clients' | 'identity' | 'key'>
  /** Lets calls end, then closes everything; false when some had to be cut. */
  drain(): Promise<boolean>
}

/** The composition root: config → store → rooms → listener, and back in reverse. */
export async function startHub(config: Config, environment: Environment, log: Log): Promise<Hub> {
  await using stack = new AsyncDisposableStack()
  let origin = ''
  const house = await openHouse(stack, { config, log, origin: () => origin })
  const { store } = house
  const writes = new WriteBatch()
  let addresses: () => { address: string; port: number }[] = () => []
  const { limits, egress: trust } = config
  const egress = createEgress({ limits, ...trust, writes, ownListeners: () => addresses() })
  stack.defer(() => egress.close())
  const rights = openRights(house)
  stack.use(rights.revocations)
  const late: { hopTokens?: HopTokens } = {}
  const credentialFor = (url: string) => () => hubToken(late.hopTokens, house, url)
  const registry = stack.use(await openRegistry(house, { egress, environment, credentialFor }))
  const streams = new EventStreams(limits)
  const rooms = { ...rights, egress, registry, streams, writes }
  const identity = await openIdentity(house, rooms)
  stack.use(identity.clients)
  late.hopTokens = identity.hopTokens
  const checks = openChecks(house, identity.gatekeeper)
  const gateway = await openGateway(house, { ...rooms, ...identity, checks })
  stack.defer(() => gateway.close())
  const api = openApi(house, { ...rooms, ...identity, checks, version: VERSION })
  const state = () => stateOf({ ...house, registry, gateway, streams })
  const listener = createListener({
    listen: config.listen,
    limits,
    streams,
    handlers: {
      ...rights.people.handlers,
      ...identity.handlers,
      assets: serveAssets(),
      mcp: gateway.handle,
      api,
      metrics: openMetrics(house, { ...rooms, ...identity, checks, state }),
      '': welcome,
    },
    isReady: () => store.status().writable,
    onError: (error) => log('a request failed', { error: stackOf(error) }),
  })
  stack.defer(() => listener.destroy())
  const address = await listener.start()
  addresses = () => listener.addresses()
  origin = config.listen.publicUrl ?? `http://${hostFor(config.listen.host)}:${address.port}`
  identity.start()
  const { key } = identity
  if (key.text !== undefined) writeCredentials(config.dataDir, { url: origin, key: key.text })
  const setupLink = await rights.people.openSetup()
  const owned = stack.move()
  return {
    url: origin,
    newKey: key.isNew ? key.text : undefined,
    setupLink,
    people: rights.people,
    rights: { ...rights, ...identity },
    async drain() {
      const drained = listener.drain({ limitMs: limits.drainMs })
      gateway.endStreams()
      const clean = await drained
      await owned.disposeAsync()
      return clean
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** For a server that trusts the hub, in the hub's own name; there is none before it is known under which it is reached. */
function hubToken(hopTokens: HopTokens | undefined, { origin }: House, url: string): string {
  if (origin() === '' || !hopTokens) throw new ParleyError('unavailable', 'The hub is starting.')
  return hopTokens.mint(undefined, url)
}

async function openHouse(
  stack: AsyncDisposableStack,
  given: Pick<House, 'config' | 'log' | 'origin'>,
): Promise<House> {
  const { config, log } = given
  const [clock, random] = [systemClock, systemRandom]
  const store = stack.use(await openStore(config.dataDir))
  const onError = (error: unknown) => log('activity was lost', { error: String(error) })
  return {
    ...given,
    clock,
    random,
    newId: createNewId(clock, random),
    store,
    activity: stack.use(createActivity({ store, clock, mode: config.activity, onError })),
    sealer: await openSealer({ dataDir: config.dataDir, store, random }),
    metrics: stack.use(createMetrics()),
  }
}

function stateOf(rooms: {
  registry: ManagedRegistry
  gateway: Gateway
  streams: EventStreams
  activity: Activity
  store: Store
}): HubState {
  return {
    version: VERSION,
    streams: rooms.streams.size,
    sessions: rooms.gateway.sessions(),
    activity: rooms.activity.status(),
    store: rooms.store.status(),
    servers: rooms.registry.servers(),
  }
}

const welcome: RawHandler = (_req, res) => {
  sendJson(res, 200, JSON.stringify({ name: 'parley', version: VERSION, mcp: '/mcp', api: '/api' }))
}

function hostFor(host: string): string {
  if (host === '127.0.0.1' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
