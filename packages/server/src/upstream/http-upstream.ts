import { hash } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import { Breaker } from '../lib/breaker.ts'
import type { Channel, SessionTerms, Upstream, UpstreamInfo } from './channel.ts'
import type { UpstreamOptions, UpstreamTarget } from './create-upstream.ts'
import { detectHttp } from './detect-http.ts'
import { guardChannel } from './guard-channel.ts'
import { statusOf } from './http-status-error.ts'
import type { HttpWire } from './http-wire.ts'
import { KnownServer } from './known-server.ts'
import { createLane } from './lane.ts'
import { openLegacyHttpChannel } from './legacy-http-channel.ts'
import { openHttpSession, openSseChannel } from './open-http-session.ts'
import { createModernHttpChannel } from './modern-http-channel.ts'
import { SessionCount } from './session-count.ts'
import { shareSubscriptions } from './share-subscriptions.ts'
import { UpstreamGuard, guardLimits, isUnreachable } from './upstream-guard.ts'

/** A server that comes back is noticed within two seconds. */
export const BREAKER = { threshold: 3, firstWaitMs: 250, maxWaitMs: 1500 }

/** A server over HTTP, of any revision. */
export function createHttpUpstream(
  options: UpstreamOptions,
  target: Extract<UpstreamTarget, { kind: 'http' }>,
): Upstream {
  const { name, clock, random, limits, report } = options
  const { pathname, search } = new URL(target.url)
  const path = pathname + search
  const { outlet } = target
  const wire: HttpWire = {
    outlet,
    path,
    limitBytes: limits.resultBytes,
    clock,
    mirrored: options.mirrored,
    report,
    credential: target.credential,
  }
  const breaker = new Breaker({ ...BREAKER, clock, random })
  const sessions = new SessionCount(name, limits.sessions)
  const ending = new AbortController()
  const server = new KnownServer(() => guard.run(ending.signal, (signal) => detectHttp(wire, signal)))
  const guard = createGuard(options, breaker, server)
  const lane = createLane({ outlet, path, guard, clock, report, limits: laneLimits(limits) })
  let modern: { info: UpstreamInfo; channel: Channel } | undefined

  return {
    name,
    transport: 'http',
    hopAudience: target.trustsHub ? target.url : undefined,
    address: hash('sha256', target.url, 'base64url'),
    lane: () => (server.info?.era === '2026-07-28' ? lane : undefined),
    health: () => guard.health(),
    info: () => server.find(),
    async modern(credential) {
      const info = await server.find()
      if (info.era !== '2026-07-28') throw speaksSessions()
      // What a server tells one caller is not for another: nothing is shared here.
      if (credential) return guardChannel(createModernHttpChannel({ ...wire, credential }, info), guard)
      if (modern?.info !== info) {
        const channel = guardChannel(createModernHttpChannel(wire, info), guard)
        modern = { info, channel: shareSubscriptions(channel) }
      }
      return modern.channel
    },
    openSession: (terms, signal) =>
      sessions.open(async () => {
        const own = terms.credential ? { ...wire, credential: terms.credential } : wire
        const known = terms.sessionId === undefined ? undefined : await server.find()
        const open = wayOf(server.info)
        const wanted = { ...terms, known }
        const channel = await guard.run(signal, (inner) => open(own, wanted, inner))
        return shareSubscriptions(guardChannel(channel, guard))
      }),
    async close() {
      ending.abort(new ParleyError('unavailable', `The server "${name}" is being disconnected.`))
      await sessions.closeAll()
      await outlet.destroy()
    },
  }
}

/** How a session is opened: by the way that was found out, or by whichever works. */
function wayOf(info: UpstreamInfo | undefined): typeof openHttpSession {
  if (!info) return openHttpSession
  return info.isHttpSse ? openSseSession : openLegacyHttpChannel
}

async function openSseSession(wire: HttpWire, terms: SessionTerms, signal: AbortSignal): Promise<Channel> {
  const channel = await openSseChannel(wire, terms, signal)
  if (channel instanceof ParleyError) throw channel
  return channel
}

function createGuard({ name, clock, limits }: UpstreamOptions, breaker: Breaker, server: KnownServer) {
  return new UpstreamGuard({
    name,
    clock,
    limits: guardLimits(limits),
    admit: () => breaker.admit(),
    settled(error) {
      if (error && isUnreachable(error)) breaker.failed(error)
      else breaker.succeeded()
      // What comes back may be another server than the one that was detected.
      if (error && mayHaveChanged(error)) server.forget()
    },
  })
}

function laneLimits(limits: UpstreamOptions['limits']) {
  const { maxTimeoutMs, timeoutMs } = guardLimits(limits)
  return { resultBytes: limits.resultBytes, timeoutMs, totalMs: maxTimeoutMs }
}

export function speaksSessions(): ParleyError {
  return new ParleyError('upstream_invalid', 'This server speaks an earlier revision, with sessions.')
}

/** A lost server, or an answer that an endpoint of the detected era does not give. */
function mayHaveChanged(error: ParleyError): boolean {
  const status = statusOf(error)
  return isUnreachable(error) || status === 400 || status === 404 || status === 405
}
