import { ParleyError } from '@parley/contract'
import { createActivity, type Activity } from './activity/index.ts'
import { createBundles } from './bundles/index.ts'
import type { Clients } from './clients/index.ts'
import {
  createAgentDesk,
  openApi,
  openDirectory,
  openEnforcement,
  openGateway,
  openGrpc,
  openHub,
  openIdentity,
  openMetrics,
  openRegistry,
  openTasks,
  openWebhooks,
  placeMasterKey,
  routeAccount,
  routeWellKnown,
  SEALED_COLUMNS,
  stackOf,
  type DirectoryRooms,
  type GatewayRooms,
  type House,
  type KnownAgents,
  type HubRooms,
  type Log,
} from './compose/index.ts'
import type { Config, Environment } from './config/index.ts'
import type { Connect } from './connect/index.ts'
import { createEgress, type Egress, type EgressOptions } from './egress/index.ts'
import type { ManagedDirectory } from './directory/index.ts'
import type { Gateway } from './gateway/index.ts'
import type { A2aHub } from './hub/index.ts'
import type { Grants } from './grants/index.ts'
import {
  ClientStreams,
  EventStreams,
  StreamCaps,
  createListener,
  sendJson,
  type GrpcListener,
  type RawHandler,
} from './http/index.ts'
import { writeCredentials, type BootstrapKey, type HopTokens, type Identity } from './identity/index.ts'
import { createNewId, systemRandom } from './lib/random.ts'
import { createSteadyClock } from './lib/steady-clock.ts'
import { WriteBatch } from './lib/write-batch.ts'
import { createMetrics, type HubState } from './metrics/index.ts'
import type { People } from './people/index.ts'
import type { ManagedRegistry, RegistryOptions } from './registry/index.ts'
import { openSealing } from './sealing/index.ts'
import { openStore, type Store } from './store/index.ts'
import { createVault, TO_AGENTS, type RenewConnection } from './vault/index.ts'
import type { Webhooks } from './webhooks/index.ts'

type OnRefused = NonNullable<RegistryOptions['onRefused']>

export const VERSION = '0.1.0'

/** What earlier rooms ask of later ones. */
interface Late {
  hopTokens?: HopTokens
  connect: Connect | undefined
  directory: ManagedDirectory | undefined
}

export type { Log } from './compose/index.ts'

/** A hub that listens. */
export interface Hub extends AsyncDisposable {
  readonly url: string
  /** The administrator's key, only when it was made at this start. */
  readonly newKey: string | undefined
  /** Makes the first administrator; undefined when there is one. Works once, and until the next start. */
  readonly setupLink: string | undefined
  /** What administrators manage, without the API. */
  readonly people: People
  readonly clients: Clients
  readonly grants: Grants
  readonly identity: Identity
  readonly bootstrapKey: BootstrapKey
  /** Lets calls end, then closes everything; false when some had to be cut. */
  drain(): Promise<boolean>
}

/** The composition root: config → store → rooms → listener, and back in reverse. */
export async function startHub(config: Config, environment: Environment, log: Log): Promise<Hub> {
  await using stack = new AsyncDisposableStack()
  let origin = ''
  const house = await openHouse(stack, { config, environment, log, origin: () => origin })
  let addresses: () => { address: string; port: number }[] = () => []
  const { egress, writes } = openEgress(stack, config, () => addresses())
  const { limits } = config
  const streams = new EventStreams(limits)
  const rooms = await openRooms(stack, house, { environment, egress, writes, streams })
  const { identity, enforcement, registry, gateway, hub, webhooks, late } = rooms
  const state = () => stateOf({ ...house, registry, gateway, streams, webhooks })
  const listener = createListener({
    listen: config.listen,
    limits,
    streams,
    handlers: {
      ...identity.handlers,
      ...enforcement.handlers,
      account: routeAccount(identity, late.connect?.handlers.accountConnections),
      '.well-known': routeWellKnown({
        ...identity.wellKnown,
        ...enforcement.wellKnown,
        ...(hub && { 'agent-card.json': hub.handle }),
      }),
      ...rooms.handlers,
      api: openApi(house, { ...rooms.shared, ...late, registry, hub, version: VERSION }),
      metrics: openMetrics(house, { ...rooms.shared, state }),
      '': welcome,
    },
    isReady: () => house.store.status().writable,
    onError: (error) => log('a request failed', { error: stackOf(error) }),
  })
  stack.defer(() => listener.destroy())
  const address = await listener.start()
  addresses = () => [...listener.addresses(), ...(rooms.grpc?.()?.addresses() ?? [])]
  origin = config.listen.publicUrl ?? `http://${hostFor(config.listen.host)}:${address.port}`
  await rooms.startGrpc?.()
  identity.start(streams)
  webhooks.start()
  house.masterKeys.start(SEALED_COLUMNS)
  const { key } = enforcement
  if (key.text !== undefined) writeCredentials(config.dataDir, { url: origin, key: key.text })
  const setupLink = await identity.people.openSetup()
  const owned = stack.move()
  return {
    ...identity,
    url: origin,
    newKey: key.isNew ? key.text : undefined,
    setupLink,
    bootstrapKey: key,
    async drain() {
      const limitMs = limits.drainMs
      const drained = await Promise.all([listener.drain({ limitMs }), rooms.drain?.(limitMs)])
      await owned.disposeAsync()
      return !drained.includes(false)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Every room in the order in which they stand on each other. */
async function openRooms(
  stack: AsyncDisposableStack,
  house: House,
  given: {
    readonly environment: Environment
    readonly egress: Egress
    readonly writes: WriteBatch
    readonly streams: EventStreams
  },
) {
  const { config } = house
  const { environment, egress, streams } = given
  const late: Late = { directory: undefined, connect: undefined }
  const hubTokenFor = (url: string) => () => hubToken(late.hopTokens, house, url)
  const vault = createVault({ ...house, renew: (...asked) => renewLate(late.connect, ...asked) })
  const agentVault = createVault({ ...house, tables: TO_AGENTS })
  const onRefused: OnRefused = ({ id }, error) => void late.connect?.readRefused(id, error)
  const agents = agentsOf(late)
  const ways = { egress, environment, vault, hubTokenFor, onRefused, agents }
  const registry = config.only === 'identity' ? undefined : stack.use(await openRegistry(house, ways))
  const bundles = createBundles(house, config.bundles)
  const identity = stack.use(await openIdentity({ ...house, egress, registry, bundles, vault, agents }))
  const enforcement = await openEnforcement(house, identity)
  late.hopTokens = enforcement.hopTokens
  const webhooks = stack.use(openWebhooks(house, { ...identity, egress }))
  const tasks = stack.use(openTasks(house, webhooks))
  const clientStreams = new ClientStreams(streams, new StreamCaps(config.limits))
  const shared = {
    ...identity,
    ...enforcement,
    ...given,
    vault,
    agentVault,
    bundles,
    tasks,
    webhooks,
    clientStreams,
  }
  const faces = registry && (await openFaces(stack, house, { ...shared, registry }, late))
  return { ...faces, identity, enforcement, registry, webhooks, late, shared }
}

/** There are none before the hub has started. */
function agentsOf(late: Late): KnownAgents {
  return {
    entry: (name) => late.directory?.entry(name),
    entries: () => late.directory?.entries() ?? [],
    agents: () => late.directory?.agents() ?? [],
  }
}

/** What apps and agents speak to: MCP and A2A, with the agents that can be asked. */
async function openFaces(
  stack: AsyncDisposableStack,
  house: House,
  rooms: Omit<GatewayRooms & HubRooms & DirectoryRooms, 'directory' | 'grpcAddress' | 'version' | 'agents'>,
  late: Late,
) {
  const directory = (late.directory = stack.use(await openDirectory(house, rooms)))
  const hubs: { hub?: A2aHub } = {}
  const agents = createAgentDesk({ ...rooms, ...house, directory, hub: () => hubs.hub! })
  const gateway = await openGateway(house, { ...rooms, agents })
  late.connect = gateway.connect
  stack.defer(() => gateway.close())
  let grpc: GrpcListener | undefined
  stack.defer(() => grpc?.destroy())
  const grpcAddress = () => grpcAddressOf(house.config.listen, grpc)
  const hub = (hubs.hub = await openHub(house, { ...rooms, directory, grpcAddress, version: VERSION }))
  stack.defer(() => hub.close())
  const handlers: Readonly<Record<string, RawHandler>> = {
    mcp: gateway.handle,
    connect: gateway.connect.handlers.connect,
    a2a: hub.handle,
  }
  return {
    gateway,
    hub,
    handlers,
    grpc: () => grpc,
    async startGrpc() {
      grpc = await openGrpc(house, hub.handleGrpc)
    },
    drain(limitMs: number) {
      gateway.endStreams()
      return grpc?.drain(limitMs)
    },
  }
}

/** Behind a proxy that is not said, gRPC is at an address that nobody knows. */
function grpcAddressOf(
  { host, publicUrl, publicGrpc }: Config['listen'],
  grpc: GrpcListener | undefined,
): string | undefined {
  const [address] = grpc?.addresses() ?? []
  if (!address) return undefined
  return publicGrpc ?? (publicUrl === undefined ? `${hostFor(host)}:${address.port}` : undefined)
}

function openEgress(
  stack: AsyncDisposableStack,
  { limits, egress: trust }: Config,
  ownListeners: EgressOptions['ownListeners'],
): { egress: Egress; writes: WriteBatch } {
  const writes = new WriteBatch()
  const egress = createEgress({ limits, ...trust, writes, ownListeners })
  stack.defer(() => egress.close())
  return { egress, writes }
}

async function openHouse(
  stack: AsyncDisposableStack,
  given: Pick<House, 'config' | 'log' | 'origin'> & { readonly environment: Environment },
): Promise<House> {
  const { config, log, environment } = given
  const random = systemRandom
  const clock = createSteadyClock({
    onSetBack: (byMs) =>
      log('the clock of this machine was set back', { bySeconds: Math.round(byMs / 1000) }),
  })
  const store = stack.use(await openStore(config.dataDir))
  const onError = (error: unknown) => log('activity was lost', { error: String(error) })
  const activity = stack.use(createActivity({ store, clock, mode: config.activity, onError }))
  const tools = { clock, random, newId: createNewId(clock, random), store, activity, log }
  const { sealer, masterKeys } = await openSealing(tools, placeMasterKey(config, environment))
  stack.use(masterKeys)
  return {
    ...tools,
    config,
    origin: given.origin,
    sealer,
    masterKeys,
    metrics: stack.use(createMetrics()),
  }
}

/** Connections are renewed once all rooms are there; what is due before that waits for its next use. */
function renewLate(
  connect: Connect | undefined,
  ...asked: Parameters<RenewConnection>
): ReturnType<RenewConnection> {
  if (!connect) throw new ParleyError('unavailable', 'The hub is starting.')
  return connect.renew(...asked)
}

/** For a server that trusts the hub, in the hub's own name; there is none before it is known under which it is reached. */
function hubToken(hopTokens: HopTokens | undefined, { origin }: House, url: string): string {
  if (origin() === '' || !hopTokens) throw new ParleyError('unavailable', 'The hub is starting.')
  return hopTokens.mint(undefined, url)
}

function stateOf(rooms: {
  registry: ManagedRegistry | undefined
  gateway: Gateway | undefined
  streams: EventStreams
  webhooks: Webhooks
  activity: Activity
  store: Store
}): HubState {
  return {
    version: VERSION,
    streams: rooms.streams.size,
    sessions: rooms.gateway?.sessions() ?? 0,
    activity: rooms.activity.status(),
    store: rooms.store.status(),
    webhooks: rooms.webhooks.counts(),
    servers: rooms.registry?.servers() ?? [],
  }
}

const welcome: RawHandler = (_req, res) => {
  sendJson(res, 200, JSON.stringify({ name: 'parley', version: VERSION, mcp: '/mcp', api: '/api' }))
}

function hostFor(host: string): string {
  if (host === '127.0.0.1' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
