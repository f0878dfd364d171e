import { ParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import { Breaker } from './breaker.ts'
import type { Channel, Lane, Upstream, UpstreamInfo } from './channel.ts'
import type { UpstreamOptions } from './create-upstream.ts'
import { detectHttp } from './detect-http.ts'
import { guardChannel } from './guard-channel.ts'
import { statusOf } from './http-status-error.ts'
import type { HttpWire } from './http-wire.ts'
import { openLegacyHttpChannel } from './legacy-http-channel.ts'
import { createModernHttpChannel } from './modern-http-channel.ts'
import { SessionCount } from './session-count.ts'
import { shareSubscriptions } from './share-subscriptions.ts'
import { UpstreamGuard, guardLimits, isUnreachable } from './upstream-guard.ts'

/** A server that comes back is noticed within two seconds. */
const BREAKER = { threshold: 3, firstWaitMs: 250, maxWaitMs: 1500 }

interface Known {
  readonly info: UpstreamInfo
  modern: Channel | undefined
}

export function createHttpUpstream(
  options: UpstreamOptions,
  target: { url: string; outlet: Outlet },
): Upstream {
  const { name, clock, random, limits } = options
  const url = new URL(target.url)
  const wire: HttpWire = {
    outlet: target.outlet,
    path: url.pathname + url.search,
    limitBytes: limits.resultBytes,
    clock,
    mirrored: options.mirrored,
    report: options.report,
  }
  const breaker = new Breaker({ ...BREAKER, clock, random })
  const sessions = new SessionCount(name, limits.sessions)
  const ending = new AbortController()
  let detected: Promise<Known> | undefined
  const guard = new UpstreamGuard({
    name,
    clock,
    limits: guardLimits(limits),
    admit: () => breaker.admit(),
    settled(error) {
      if (error && isUnreachable(error)) breaker.failed(error)
      else breaker.succeeded()
      // What comes back may be another server than the one that was detected.
      if (error && mayHaveChanged(error)) detected = undefined
    },
  })

  /** One detection at a time, remembered until the server is lost. */
  function detect(): Promise<Known> {
    if (detected) return detected
    const detecting = guard
      .run(ending.signal, (signal) => detectHttp(wire, signal))
      .then((info): Known => ({ info, modern: undefined }))
    detected = detecting
    detecting.catch(() => {
      if (detected === detecting) detected = undefined
    })
    return detecting
  }

  return {
    name,
    transport: 'http',
    lane: createLane(target.outlet, wire.path),
    health: () => guard.health(),
    info: async () => (await detect()).info,
    async modern() {
      const known = await detect()
      if (known.info.era !== '2026-07-28') throw speaksSessions()
      return (known.modern ??= shareSubscriptions(
        guardChannel(createModernHttpChannel(wire, known.info), guard),
      ))
    },
    openSession: (terms, signal) =>
      sessions.open(async () =>
        guardChannel(await guard.run(signal, (inner) => openLegacyHttpChannel(wire, terms, inner)), guard),
      ),
    async close() {
      ending.abort(new ParleyError('unavailable', `The server "${name}" is being disconnected.`))
      await sessions.closeAll()
      await target.outlet.destroy()
    },
  }
}

export function speaksSessions(): ParleyError {
  return new ParleyError('upstream_invalid', 'This server speaks an earlier revision, with sessions.')
}

/** A lost server, or an answer that an endpoint of the detected era does not give. */
function mayHaveChanged(error: ParleyError): boolean {
  const status = statusOf(error)
  return isUnreachable(error) || status === 400 || status === 404 || status === 405
}

function createLane(outlet: Outlet, path: string): Lane {
  return {
    origin: outlet.origin,
    path,
    dispatch: (request, handler) => outlet.pool.dispatch(request, handler),
  }
}
