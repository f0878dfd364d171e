import { ParleyError, toParleyError } from '@parley/contract'
import { isObject } from '../lib/json-rpc.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import { CredentialRefused, type Channel, type Subscription } from '../upstream/index.ts'
import type { ManagedServer } from './managed-server.ts'
import { openReader, readUpstream, type Reading } from './read-upstream.ts'

export interface ServerReaderOptions {
  readonly server: ManagedServer
  readonly clock: Clock
  /** Stores what was read, by a reading that began at that time; it counts only once this resolves. */
  readonly take: (reading: Reading, startedMicros: number) => Promise<void>
  /** The server wants another credential than the hub's own requests have. */
  readonly onRefused: (error: CredentialRefused) => void
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

const READ_TIMEOUT_MS = 60_000
const ACKNOWLEDGE_TIMEOUT_MS = 5000
const MIN_REFRESH_MS = 30_000
const DEFAULT_REFRESH_MS = 5 * 60_000
const MAX_REFRESH_MS = 15 * 60_000
const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 30_000
/** Several changes at once are read once. */
const QUIET_MS = 100
/** Between two readings that the server itself asked for; doubled from the sixth on, so that it cannot keep us busy. */
const MIN_SPACING_MS = 1000
const FREE_NOTICES = 5

/**
 * Reads one server: at start, when it says that something changed, every five minutes (or as its `ttlMs` says,
 * within 30 s and 15 min), and after a failure again in 1 s, 2 s, … 30 s. One reading at a time.
 */
export class ServerReader {
  readonly #options: ServerReaderOptions
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #channel: Channel | undefined
  #subscription: Subscription | undefined
  #keepsChannel = false
  #noticed = false
  #notices = 0
  #startedMicros = 0
  #failures = 0
  #refreshMs = DEFAULT_REFRESH_MS

  constructor(options: ServerReaderOptions) {
    this.#options = options
  }

  start(): void {
    this.#plan(0)
  }

  /** Reads now; a reading that already runs may have begun too early and is followed by another. */
  read(): Promise<void> {
    if (!this.#running) return this.#begin()
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      return this.#running ?? this.#begin()
    })
    return this.#next
  }

  /** Ends the hub's own session with the server first, so that everything is asked anew. */
  async reconnect(): Promise<void> {
    await this.#running
    await this.#disconnect()
    await this.read()
  }

  /** Something may have changed: reads soon, but not more often than is good. */
  notice(): void {
    if (this.#noticed || this.#stopping.signal.aborted) return
    this.#noticed = true
    if (!this.#running) this.#planNoticed()
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new ParleyError('unavailable', 'The server was removed, or the hub is stopping.'))
    this.#timer?.cancel()
    await this.#running
    await this.#disconnect()
  }

  #plan(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#stopping.signal.aborted) return
    this.#timer = this.#options.clock.setTimeout(() => {
      if (!this.#noticed) this.#notices = 0
      if (!this.#running) void this.#begin()
    }, delayMs)
  }

  #planNoticed(): void {
    this.#notices++
    const spacingMs = Math.min(MAX_RETRY_MS, MIN_SPACING_MS * 2 ** Math.max(0, this.#notices - FREE_NOTICES))
    const sinceMs = (this.#options.clock.monotonicMicros() - this.#startedMicros) / 1000
    this.#plan(Math.max(QUIET_MS, spacingMs - sinceMs))
  }

  #begin(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve()
    this.#timer?.cancel()
    this.#noticed = false
    this.#startedMicros = this.#options.clock.monotonicMicros()
    const running = this.#readOnce().finally(() => {
      this.#running = undefined
      if (this.#noticed) this.#planNoticed()
      else this.#plan(this.#failures === 0 ? this.#refreshMs : this.#retryMs())
    })
    this.#running = running
    return running
  }

  #retryMs(): number {
    return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1))
  }

  /** Never rejects: what goes wrong becomes the server's health. */
  async #readOnce(): Promise<void> {
    const { server, clock, take } = this.#options
    const deadline = new AbortController()
    const timer = clock.setTimeout(
      () => deadline.abort(new ParleyError('upstream_timeout', 'Reading the server took too long.')),
      READ_TIMEOUT_MS,
    )
    try {
      const signal = AbortSignal.any([this.#stopping.signal, deadline.signal])
      const channel = await this.#connect(signal)
      const reading = await readUpstream(channel, signal)
      server.info = reading.info
      await take(reading, this.#startedMicros)
      this.#succeed(reading)
      if (!this.#keepsChannel) await this.#disconnect()
    } catch (error) {
      await this.#fail(error)
    } finally {
      timer.cancel()
    }
  }

  #succeed(reading: Reading): void {
    const { server, clock } = this.#options
    this.#failures = 0
    const wantedMs = reading.ttlMs ?? DEFAULT_REFRESH_MS
    this.#refreshMs = Math.min(MAX_REFRESH_MS, Math.max(MIN_REFRESH_MS, wantedMs))
    server.health = 'ready'
    const omitted = [...(server.upstream.notes?.() ?? []), ...reading.omitted]
    server.lastError = omitted.length === 0 ? undefined : `Left out: ${omitted.join('; ')}`
    server.lastSeenAt = clock.now()
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const { server, log } = this.#options
    const known = toParleyError(error)
    this.#failures = Math.min(this.#failures + 1, 10)
    const isReached =
      known.code === 'upstream_invalid' || known.code === 'storage_full' || known.code === 'internal'
    server.health = isReached ? 'failing' : 'unreachable'
    server.lastError = known.message
    if (known instanceof CredentialRefused) {
      server.challenge = known.challenge
      this.#options.onRefused(known)
    }
    log('a server could not be read', { server: server.name, error: known.message, detail: known.detail })
    await this.#disconnect()
  }

  /** The channel to read over; it is kept open where the server can tell of changes. */
  async #connect(signal: AbortSignal): Promise<Channel> {
    if (this.#channel?.closed) await this.#disconnect()
    this.#channel ??= await openReader(this.#options.server.upstream, signal)
    const channel = this.#channel
    const filter = {
      toolsListChanged: tellsOf(channel, 'tools'),
      promptsListChanged: tellsOf(channel, 'prompts'),
      resourcesListChanged: tellsOf(channel, 'resources'),
    }
    this.#keepsChannel = Object.values(filter).includes(true)
    // Before the lists are read, so that no change falls between.
    if (this.#keepsChannel) this.#subscription ??= await this.#subscribe(channel, filter)
    return channel
  }

  /** Undefined where it fails: the server is then read from time to time. */
  async #subscribe(
    channel: Channel,
    filter: Parameters<Channel['subscribe']>[0],
  ): Promise<Subscription | undefined> {
    const { clock, log, server } = this.#options
    const giveUp = new AbortController()
    const timer = clock.setTimeout(
      () => giveUp.abort(new ParleyError('upstream_timeout', 'The subscription was not acknowledged.')),
      ACKNOWLEDGE_TIMEOUT_MS,
    )
    const signal = AbortSignal.any([this.#stopping.signal, giveUp.signal])
    try {
      const subscription = await channel.subscribe(filter, () => this.notice(), signal)
      void subscription.ended.then(() => {
        if (this.#subscription !== subscription) return
        this.#subscription = undefined
        this.notice()
      })
      return subscription
    } catch (error) {
      log('a server does not tell of changes', { server: server.name, error: toParleyError(error).message })
      return undefined
    } finally {
      timer.cancel()
    }
  }

  async #disconnect(): Promise<void> {
    const channel = this.#channel
    const subscription = this.#subscription
    this.#channel = undefined
    this.#subscription = undefined
    subscription?.close()
    // The modern channel is everyone's; a session is ours. One that will not end in order is as good as ended.
    if (channel && channel.info.era !== '2026-07-28') await channel.close().catch(() => undefined)
  }
}

function tellsOf(channel: Channel, capability: 'tools' | 'prompts' | 'resources'): boolean {
  const declared = channel.info.capabilities[capability]
  return isObject(declared) && declared['listChanged'] === true
}
