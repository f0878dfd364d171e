import { ParleyError, type KeyId } from '@parley/contract'
import { createRateLimiter, type Access, type TakeToken } from './access/index.ts'
import { createActivity, type Activity } from './activity/index.ts'
import { createApi, createMetricsHandler, createRoutes } from './api/index.ts'
import type { Clients } from './clients/index.ts'
import { openIdentity, routeWellKnown, type IdentityRooms } from './compose/index.ts'
import { childEnvironment, type Config, type Environment } from './config/index.ts'
import { createEgress, type Egress } from './egress/index.ts'
import { ClientStreams, RequestStates, createGateway, type Gateway } from './gateway/index.ts'
import type { Grants } from './grants/index.ts'
import {
  EventStreams,
  StreamCaps,
  createListener,
  readBody,
  refuseRequest,
  sendJson,
  type RawHandler,
} from './http/index.ts'
import {
  createAuthenticate,
  type Authenticate,
  type Identity,
  openBootstrapKey,
  openStateKey,
  writeCredentials,
} from './identity/index.ts'
import { systemClock } from './lib/clock.ts'
import { createNewId, systemRandom, type NewId } from './lib/random.ts'
import { WriteBatch } from './lib/write-batch.ts'
import { createMetrics, type HubState, type Metrics } from './metrics/index.ts'
import type { People } from './people/index.ts'
import { createRegistry, type ManagedRegistry, type ServerTarget } from './registry/index.ts'
import { openStore, type Store } from './store/index.ts'
import { createUpstream, type UpstreamTarget } from './upstream/index.ts'

export const VERSION = '0.1.0'

export type Log = (message: string, detail: Readonly<Record<string, unknown>>) => void

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
  /** Lets calls end, then closes everything; false when some had to be cut. */
  drain(): Promise<boolean>
}

/** The composition root: config → store → rooms → listener, and back in reverse. */
export async function startHub(config: Config, environment: Environment, log: Log): Promise<Hub> {
  const clock = systemClock
  const random = systemRandom
  const newId = createNewId(clock, random)
  const writes = new WriteBatch()
  await using stack = new AsyncDisposableStack()
  const store = stack.use(await openStore(config.dataDir))
  const onLost = (error: unknown) => log('activity was lost', { error: String(error) })
  const activity = stack.use(createActivity({ store, clock, mode: config.activity, onError: onLost }))
  const key = await openBootstrapKey(store, { clock, random, newId, dataDir: config.dataDir })
  const metrics = stack.use(createMetrics())
  const { authenticate, takeToken } = createChecks(key, config, metrics)
  let addresses: () => { address: string; port: number }[] = () => []
  const { limits, egress: trust } = config
  const egress = createEgress({ limits, ...trust, writes, ownListeners: () => addresses() })
  stack.defer(() => egress.close())
  const house = { store, activity, newId, config, log, metrics }
  const streams = new EventStreams(limits)
  let origin = ''
  const isAlone = config.only === 'identity'
  const registry = isAlone ? undefined : stack.use(await openRegistry({ ...house, egress, environment }))
  const rooms = stack.use(await openIdentity({ ...house, egress, origin: () => origin, registry }))
  const { access, people } = rooms
  const checks = { authenticate, access, takeToken }
  const gateway = registry && (await openGateway({ ...house, ...checks, registry, streams, writes }))
  stack.defer(() => gateway?.close())
  const state = () => stateOf({ registry, gateway, streams, activity, store })
  const listener = createListener({
    listen: config.listen,
    limits,
    streams,
    handlers: {
      ...rooms.handlers,
      '.well-known': routeWellKnown(rooms.wellKnown),
      ...(gateway && { mcp: gateway.handle }),
      api: openApi({ ...house, ...checks, ...rooms, registry, key, origin: () => origin }),
      metrics: createMetricsHandler({ authenticate, access, text: () => metrics.text(state()) }),
      '': welcome,
    },
    isReady: () => store.status().writable,
    onError: (error) => log('a request failed', { error: stackOf(error) }),
  })
  stack.defer(() => listener.destroy())
  const address = await listener.start()
  addresses = () => listener.addresses()
  origin = config.listen.publicUrl ?? `http://${hostFor(config.listen.host)}:${address.port}`
  rooms.start(streams)
  writeCredentials(config.dataDir, { url: origin, key: key.text })
  const setupLink = await people.openSetup()
  const owned = stack.move()
  return {
    url: origin,
    newKey: key.isNew ? key.text : undefined,
    setupLink,
    ...rooms,
    async drain() {
      const drained = listener.drain({ limitMs: config.limits.drainMs })
      gateway?.endStreams()
      const clean = await drained
      await owned.disposeAsync()
      return clean
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Who calls, and how often they may, each counted where it refuses. */
function createChecks(
  key: { readonly id: KeyId; readonly hash: Uint8Array },
  { limits }: Config,
  metrics: Metrics,
): { authenticate: Authenticate; takeToken: TakeToken } {
  const known = createAuthenticate([{ id: key.id, hash: key.hash }])
  const take = createRateLimiter({
    perSecond: limits.requestsPerSecond,
    burst: limits.requestsPerSecond * 2,
    monotonicMicros: () => systemClock.monotonicMicros(),
  })
  return {
    authenticate(header) {
      const principal = known(header)
      if (!principal) metrics.countUnauthenticated()
      return principal
    },
    takeToken(subject) {
      const waitSeconds = take(subject)
      if (waitSeconds > 0) metrics.countRateLimited()
      return waitSeconds
    },
  }
}

function stateOf(rooms: {
  registry: ManagedRegistry | undefined
  gateway: Gateway | undefined
  streams: EventStreams
  activity: Activity
  store: Store
}): HubState {
  return {
    version: VERSION,
    streams: rooms.streams.size,
    sessions: rooms.gateway?.sessions() ?? 0,
    activity: rooms.activity.status(),
    store: rooms.store.status(),
    servers: rooms.registry?.servers() ?? [],
  }
}

interface RegistryParts {
  readonly store: Store
  readonly activity: Activity
  readonly newId: NewId
  readonly egress: Egress
  readonly config: Config
  readonly environment: Environment
  readonly log: Log
}

interface GatewayParts extends Pick<RegistryParts, 'store' | 'activity' | 'newId' | 'config' | 'log'> {
  readonly metrics: Metrics
  readonly registry: ManagedRegistry
  readonly authenticate: Authenticate
  readonly access: Access
  readonly takeToken: TakeToken
  readonly streams: EventStreams
  readonly writes: WriteBatch
}

async function openGateway(parts: GatewayParts): Promise<Gateway> {
  const { store, activity, config, log, metrics, streams, ...tools } = parts
  const { limits } = config
  return createGateway(
    {
      ...tools,
      recordCall(call) {
        metrics.countCall(call)
        return activity.recordCall(call)
      },
      onError: (error) => log('a request failed', { error: String(error) }),
      clock: systemClock,
      random: systemRandom,
      states: new RequestStates(await openStateKey(store, systemRandom), systemClock, systemRandom),
      limits: { bodyBytes: limits.bodyBytes, sessionsPerPrincipal: limits.streamsPerPrincipal },
      clientStreams: new ClientStreams(streams, new StreamCaps(limits)),
    },
    (req, res, limitBytes, onBody) =>
      readBody(req, limitBytes, (error, body) =>
        error ? refuseRequest(req, res, error, { asJsonRpc: true }) : onBody(body),
      ),
  )
}

type ApiParts = Pick<GatewayParts, 'activity' | 'store' | 'config' | 'log' | 'metrics'> &
  Pick<GatewayParts, 'authenticate' | 'access' | 'takeToken'> &
  Pick<IdentityRooms, 'people' | 'clients' | 'grants' | 'identity'> & {
    readonly registry: ManagedRegistry | undefined
    readonly key: { readonly id: KeyId }
    readonly origin: () => string
  }

function openApi(parts: ApiParts): RawHandler {
  const { config, log, metrics, identity, key } = parts
  return createApi({
    ...parts,
    handlers: createRoutes({
      ...parts,
      keys: identity.keys,
      outsideResources: identity.outsideResources,
      // TODO(#3): the key itself, once it can be retired.
      bootstrapKey: {
        standing: () => [key.id],
        async retire() {
          throw new ParleyError('unavailable', 'The key cannot be retired in this version.')
        },
      },
      clock: systemClock,
      dataDir: config.dataDir,
      version: VERSION,
    }),
    onError: (error) => log('a request failed', { error: String(error) }),
    clock: systemClock,
    onCall: ({ method, ...call }) => metrics.countCall({ face: 'api', action: method, ...call }),
  })
}

function openRegistry(parts: RegistryParts): Promise<ManagedRegistry> {
  const { store, activity, newId, egress, config, environment, log } = parts
  const { limits } = config
  return createRegistry({
    store,
    activity,
    clock: systemClock,
    newId,
    declared: config.servers.map((server) => ({ name: server.name, target: toTarget(server) })),
    log,
    connect: (name, target, mirrored) =>
      createUpstream({
        name,
        target: reach(target, { name, config, environment, egress }),
        limits: {
          resultBytes: limits.upstreamResponseBytes,
          timeoutMs: limits.upstreamTimeoutMs,
          sessions: limits.sessionsPerServer,
        },
        clock: systemClock,
        mirrored,
        report: (what) => log('a server broke the protocol', { server: name, what }),
        onLog: (line) => log('server says', { server: name, line }),
      }),
  })
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : 'unknown'
}

const welcome: RawHandler = (_req, res) => {
  sendJson(res, 200, JSON.stringify({ name: 'parley', version: VERSION, mcp: '/mcp', api: '/api' }))
}

function hostFor(host: string): string {
  if (host === '127.0.0.1' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

function toTarget(server: Config['servers'][number]): ServerTarget {
  if (server.transport === 'http') return { transport: 'http', url: server.url }
  return {
    transport: 'stdio',
    command: server.realCommand,
    args: server.args,
    package: server.package ?? null,
  }
}

/** The way to a server. Only what an administrator typed, here or in the file, gets an allowance. */
function reach(
  target: ServerTarget,
  house: { name: string; config: Config; environment: Environment; egress: Egress },
): UpstreamTarget {
  const { name, config, environment, egress } = house
  if (target.transport === 'http') {
    const allowance = egress.allow(target.url, `server ${name}`)
    const outlet = egress.open({ purpose: 'upstream', url: target.url, allowance })
    // A server that is removed takes its allowance with it.
    const destroy = () => outlet.destroy().finally(() => egress.disallow(allowance))
    return { kind: 'http', url: target.url, outlet: { ...outlet, destroy } }
  }
  const declared = config.servers.find((server) => server.name === name)
  if (declared?.transport !== 'stdio')
    throw new Error(`stdio server ${name} is not in the configuration file`)
  return {
    kind: 'stdio',
    process: {
      command: declared.command,
      args: declared.args,
      cwd: declared.cwd,
      environment: () => childEnvironment(declared, environment, config.dataDir),
    },
  }
}
