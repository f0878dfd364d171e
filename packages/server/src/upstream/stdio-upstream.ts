import { ParleyError } from '@parley/contract'
import { Breaker } from '../lib/breaker.ts'
import type { Channel, SessionTerms, Upstream, UpstreamInfo } from './channel.ts'
import type { UpstreamOptions } from './create-upstream.ts'
import { detectStdio } from './detect-stdio.ts'
import { guardChannel } from './guard-channel.ts'
import { speaksSessions } from './http-upstream.ts'
import { HUB_TERMS } from './hub-terms.ts'
import { openLegacyPipeChannel } from './legacy-pipe-channel.ts'
import { createOrphanGuard } from './orphan-guard.ts'
import { SessionCount } from './session-count.ts'
import { shareSubscriptions } from './share-subscriptions.ts'
import type { StdioTarget } from './stdio-child.ts'
import { StdioConnection, type StdioWire } from './stdio-connection.ts'
import { UpstreamGuard, guardLimits } from './upstream-guard.ts'

/** A process that keeps ending soon after its start is started again after 1 s, then 2 s, … 30 s. */
const BREAKER = { threshold: 1, firstWaitMs: 1000, maxWaitMs: 30_000 }
/** A process that lived this long did not fail at its start. */
const SETTLED_MS = 10_000
/** The process that was asked for its era waits this long for a first session to take it over. */
const SPARE_MS = 5000

export function createStdioUpstream(options: UpstreamOptions, target: StdioTarget): Upstream {
  return new StdioUpstream(options, target)
}

class StdioUpstream implements Upstream {
  readonly name: string
  readonly transport = 'stdio'
  readonly hopAudience = undefined
  readonly address = undefined
  readonly #options: UpstreamOptions
  readonly #wire: StdioWire
  readonly #guard: UpstreamGuard
  readonly #breaker: Breaker
  readonly #sessions: SessionCount
  readonly #connections = new Set<StdioConnection>()
  readonly #ending = new AbortController()
  #detecting: Promise<UpstreamInfo> | undefined
  #modern: Channel | undefined
  /** The session that was opened to learn the era, until an owner comes for it. */
  #spare: Channel | undefined

  constructor(options: UpstreamOptions, target: StdioTarget) {
    const { name, clock, random, limits, report, onLog } = options
    this.name = name
    this.#options = options
    this.#breaker = new Breaker({ ...BREAKER, clock, random })
    this.#sessions = new SessionCount(name, limits.sessions)
    this.#wire = {
      target,
      limitBytes: limits.resultBytes,
      clock,
      orphans: options.orphans ?? createOrphanGuard(clock),
      report,
      onLog,
    }
    // Whether a process may be started is decided where one is started; a call on one that runs always passes.
    this.#guard = new UpstreamGuard({ name, clock, limits: guardLimits(limits), admit() {}, settled() {} })
  }

  health() {
    return this.#guard.health()
  }

  info(): Promise<UpstreamInfo> {
    if (this.#modern?.closed) {
      this.#modern = undefined
      this.#detecting = undefined
    }
    if (this.#detecting) return this.#detecting
    const detecting = this.#guard.run(this.#ending.signal, (signal) => this.#detect(signal))
    this.#detecting = detecting
    detecting.catch(() => this.#forget(detecting))
    return detecting
  }

  /** Processes have no lane. */
  lane(): undefined {
    return undefined
  }

  async modern(): Promise<Channel> {
    const { era } = await this.info()
    if (era !== '2026-07-28') throw speaksSessions()
    if (!this.#modern) throw new ParleyError('upstream_unavailable', "The server's process has ended.")
    return this.#modern
  }

  async openSession(terms: SessionTerms, signal: AbortSignal): Promise<Channel> {
    await this.info()
    return this.#sessions.open(async () => {
      const spare = this.#takeSpare(terms)
      if (spare) return spare
      const known = this.#detecting
      try {
        const channel = await this.#guard.run(signal, (inner) => this.#openSession(terms, inner))
        return shareSubscriptions(guardChannel(channel, this.#guard))
      } catch (error) {
        // The server may have been replaced by one of another era.
        if (!signal.aborted && known) this.#forget(known)
        throw error
      }
    })
  }

  async close(): Promise<void> {
    this.#ending.abort(new ParleyError('unavailable', `The server "${this.name}" is being disconnected.`))
    await this.#sessions.closeAll()
    await Promise.allSettled([...this.#connections].map((connection) => connection.close()))
    if (!this.#options.orphans) this.#wire.orphans.close()
  }

  #forget(detecting: Promise<UpstreamInfo>): void {
    if (this.#detecting === detecting) this.#detecting = undefined
  }

  async #detect(signal: AbortSignal): Promise<UpstreamInfo> {
    const first = this.#start()
    const started = [first]
    const restart = () => {
      const next = this.#connect()
      started.push(next)
      return next
    }
    try {
      const channel = await detectStdio(first, { clock: this.#options.clock, restart, signal })
      this.#breaker.ease()
      if (channel.info.era === '2026-07-28')
        this.#modern = shareSubscriptions(guardChannel(channel, this.#guard))
      else this.#keepSpare(shareSubscriptions(guardChannel(channel, this.#guard)))
      return channel.info
    } catch (error) {
      await Promise.all(started.map((connection) => connection.close()))
      throw error
    }
  }

  async #openSession(terms: SessionTerms, signal: AbortSignal): Promise<Channel> {
    const connection = this.#start()
    try {
      const channel = await openLegacyPipeChannel(connection, terms, signal)
      this.#breaker.ease()
      return channel
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** @throws the last failure while a process that keeps ending is waited for. */
  #start(): StdioConnection {
    this.#breaker.admit()
    return this.#connect()
  }

  #connect(): StdioConnection {
    const { clock } = this.#options
    const connection = new StdioConnection(this.#wire)
    this.#connections.add(connection)
    let isYoung = true
    const settled = clock.setTimeout(() => {
      isYoung = false
      this.#breaker.succeeded()
    }, SETTLED_MS)
    connection.over.addEventListener(
      'abort',
      () => {
        settled.cancel()
        this.#connections.delete(connection)
        const error = connection.over.reason as ParleyError
        if (connection.wasStopped) return
        this.#guard.failed(error)
        if (isYoung) this.#breaker.failed(error)
      },
      { once: true },
    )
    return connection
  }

  #keepSpare(channel: Channel): void {
    this.#spare = channel
    this.#options.clock.setTimeout(() => {
      if (this.#spare !== channel) return
      this.#spare = undefined
      void channel.close()
    }, SPARE_MS)
  }

  #takeSpare(terms: SessionTerms): Channel | undefined {
    const spare = this.#spare
    if (!spare || spare.closed || JSON.stringify(terms) !== JSON.stringify(HUB_TERMS)) return undefined
    this.#spare = undefined
    return spare
  }
}
