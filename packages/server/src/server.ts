import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyId } from '@parley/contract'
import { createRateLimiter } from './access/index.ts'
import { createActivity } from './activity/index.ts'
import { createApi, createRoutes } from './api/index.ts'
import { childEnvironment, type Config, type Environment } from './config/index.ts'
import { createEgress, type Egress } from './egress/index.ts'
import { RequestStates, createGateway } from './gateway/index.ts'
import { EventStreams, createListener, readBody, refuseRequest, sendJson, type RawHandler } from './http/index.ts'
import { createAuthenticate, createBootstrapKey, hashKey } from './identity/index.ts'
import { systemClock } from './lib/clock.ts'
import { createNewId, systemRandom } from './lib/random.ts'
import { createRegistry, type ServerTarget } from './registry/index.ts'
import { openStore, type Store } from './store/index.ts'
import { createUpstream, type UpstreamTarget } from './upstream/index.ts'

export const VERSION = '0.1.0'
const KEY_BYTES = 32

export type Log = (message: string, detail: Readonly<Record<string, unknown>>) => void

/** A hub that listens. */
export interface Hub extends AsyncDisposable {
  readonly url: string
  /** The administrator's key, only when it was made at this start. */
  readonly newKey: string | undefined
  /** Lets calls end, then closes everything; false when some had to be cut. */
  drain(): Promise<boolean>
}

/** The composition root: config → store → rooms → listener, and back in reverse. */
export async function startHub(config: Config, environment: Environment, log: Log): Promise<Hub> {
  const clock = systemClock
  const random = systemRandom
  const newId = createNewId(clock, random)
  await using stack = new AsyncDisposableStack()
  const store = stack.use(await openStore(config.dataDir))
  const activity = stack.use(
    createActivity({ store, clock, mode: config.activity, onError: (error) => log('activity was lost', { error: String(error) }) }),
  )
  const key = await bootstrapKey(store, { clock, random, newId, dataDir: config.dataDir })
  const authenticate = createAuthenticate([{ id: key.id, hash: key.hash }])
  const takeToken = createRateLimiter({
    perSecond: config.limits.requestsPerSecond,
    burst: config.limits.requestsPerSecond * 2,
    monotonicMicros: () => clock.monotonicMicros(),
  })
  let addresses: () => { address: string; port: number }[] = () => []
  const egress = createEgress({ limits: config.limits, ownListeners: () => addresses() })
  stack.defer(() => egress.close())
  const registry = stack.use(
    await createRegistry({
      store,
      activity,
      clock,
      newId,
      declared: config.servers.map((server) => ({ name: server.name, target: toTarget(server) })),
      log,
      connect: (name, target, mirrored) =>
        createUpstream({
          name,
          target: reach(target, { name, config, environment, egress }),
          limits: {
            resultBytes: config.limits.upstreamResponseBytes,
            timeoutMs: config.limits.upstreamTimeoutMs,
            sessions: config.limits.sessionsPerServer,
          },
          clock,
          mirrored,
          report: (what) => log('a server broke the protocol', { server: name, what }),
          onLog: (line) => log('server says', { server: name, line }),
        }),
    }),
  )
  const gateway = createGateway(
    {
      registry,
      authenticate,
      takeToken,
      record: (record) => activity.record(record),
      clock,
      random,
      newId,
      states: new RequestStates(await stateKey(store, random), clock, random),
      limits: {
        bodyBytes: config.limits.bodyBytes,
        resultBytes: config.limits.upstreamResponseBytes,
        upstreamTimeoutMs: config.limits.upstreamTimeoutMs,
        streamsPerPrincipal: config.limits.streamsPerPrincipal,
        sessionsPerPrincipal: config.limits.streamsPerPrincipal,
      },
    },
    (req, res, limitBytes, onBody) =>
      readBody(req, limitBytes, (error, body) => (error ? refuseRequest(req, res, error, { asJsonRpc: true }) : onBody(body))),
  )
  stack.defer(() => gateway.close())
  let origin = ''
  const api = createApi({
    authenticate,
    takeToken,
    handlers: createRoutes({ registry, activity, store, clock, dataDir: config.dataDir, version: VERSION, origin: () => origin }),
    onError: (error) => log('a request failed', { error: String(error) }),
  })
  const listener = createListener({
    listen: config.listen,
    limits: config.limits,
    streams: new EventStreams(config.limits),
    handlers: { mcp: gateway.handle, api, '': welcome },
    isReady: () => store.status().writable,
    onError: (error) => log('a request failed', { error: error instanceof Error ? (error.stack ?? error.message) : 'unknown' }),
  })
  stack.defer(() => listener.destroy())
  const address = await listener.start()
  addresses = () => listener.addresses()
  origin = config.listen.publicUrl ?? `http://${hostFor(config.listen.host)}:${address.port}`
  writeCredentials(config.dataDir, { url: origin, key: key.text })
  const owned = stack.move()
  return {
    url: origin,
    newKey: key.isNew ? key.text : undefined,
    async drain() {
      const drained = listener.drain({ limitMs: config.limits.drainMs })
      await gateway.endStreams()
      const clean = await drained
      await owned.disposeAsync()
      return clean
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
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
  return { transport: 'stdio', command: server.realCommand, args: server.args, package: server.package ?? null }
}

/** The way to a server. Only what an administrator typed, here or in the file, gets an allowance. */
function reach(
  target: ServerTarget,
  house: { name: string; config: Config; environment: Environment; egress: Egress },
): UpstreamTarget {
  const { name, config, environment, egress } = house
  if (target.transport === 'http') {
    const allowance = egress.allow(target.url, `server ${name}`)
    return { kind: 'http', url: target.url, outlet: egress.open({ purpose: 'upstream', url: target.url, allowance }) }
  }
  const declared = config.servers.find((server) => server.name === name)
  if (declared?.transport !== 'stdio') throw new Error(`stdio server ${name} is not in the configuration file`)
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

interface Minting {
  readonly clock: typeof systemClock
  readonly random: typeof systemRandom
  readonly newId: ReturnType<typeof createNewId>
  readonly dataDir: string
}

/** The administrator's key: made at the first start, afterwards known by its hash and read from the 0600 file. */
async function bootstrapKey(store: Store, minting: Minting) {
  const known = store.get("SELECT id, hash FROM keys WHERE kind = 'bootstrap' AND revoked_at IS NULL")
  const text = known && readCredentials(minting.dataDir)?.key
  if (known && text !== undefined && hashKey(text).equals(known['hash'] as Uint8Array)) {
    return { id: known['id'] as KeyId, hash: known['hash'] as Uint8Array, text, isNew: false }
  }
  // The file is gone or was changed: the key in it can no longer be known, so a new one takes its place.
  const fresh = createBootstrapKey(minting.random)
  const id = minting.newId('key')
  const now = minting.clock.now()
  await store.submit([
    { sql: "UPDATE keys SET revoked_at = ? WHERE kind = 'bootstrap' AND revoked_at IS NULL", parameters: [now] },
    { sql: "INSERT INTO keys (id, kind, hash, created_at) VALUES (?, 'bootstrap', ?, ?)", parameters: [id, hashKey(fresh), now] },
  ])
  return { id, hash: hashKey(fresh), text: fresh, isNew: true }
}

/** The key that seals request states, kept so that a state survives a restart. */
async function stateKey(store: Store, random: typeof systemRandom): Promise<Uint8Array> {
  const known = store.get("SELECT hash FROM keys WHERE kind = 'request-state' AND revoked_at IS NULL")
  if (known) return known['hash'] as Uint8Array
  const key = random.bytes(KEY_BYTES)
  await store.submit([{ sql: "INSERT INTO keys (id, kind, hash, created_at) VALUES ('request-state', 'request-state', ?, 0)", parameters: [key] }])
  return key
}

const CREDENTIALS = 'credentials.json'

function readCredentials(dataDir: string): { key: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, CREDENTIALS), 'utf8')) as { key: string }
  } catch {
    // Missing or unreadable is the same: the caller makes a new key.
    return undefined
  }
}

function writeCredentials(dataDir: string, credentials: { url: string; key: string }): void {
  const file = join(dataDir, CREDENTIALS)
  writeFileSync(`${file}.new`, `${JSON.stringify(credentials)}\n`, { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
}
