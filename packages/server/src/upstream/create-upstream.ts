import { ParleyError, toParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Channel, SessionTerms, Upstream, UpstreamInfo } from './channel.ts'
import { openLegacyHttpChannel } from './legacy-http-channel.ts'
import { toModernInfo } from './legacy-info.ts'
import { createModernHttpChannel, exchangeModern, type HttpWire } from './modern-http-channel.ts'
import type { ParamHeadersOf } from './request-headers.ts'
import { StdioChannel, type StdioOptions } from './stdio-channel.ts'
import type { StdioTarget } from './stdio-child.ts'

export type UpstreamTarget =
  | { readonly kind: 'http'; readonly url: string; readonly outlet: Outlet }
  | { readonly kind: 'stdio'; readonly process: StdioTarget }

export interface UpstreamOptions {
  readonly name: string
  readonly target: UpstreamTarget
  readonly limits: { readonly resultBytes: number; readonly timeoutMs: number; readonly sessions: number }
  readonly clock: Clock
  readonly mirrored: ParamHeadersOf
  readonly report: (what: string) => void
  readonly onLog: (line: string) => void
}

/** What the hub declares when it looks at a server for itself. */
export const HUB_TERMS: SessionTerms = {
  capabilities: { roots: {}, sampling: {}, elicitation: { form: {}, url: {} } },
  clientInfo: { name: 'parley', version: '0.1.0' },
}

const FIRST_BACKOFF_MS = 1000
const MAX_BACKOFF_MS = 30_000

/** A registered server as it is reached. Nothing is opened before it is needed. */
export function createUpstream(options: UpstreamOptions): Upstream {
  return options.target.kind === 'http'
    ? httpUpstream(options, options.target)
    : stdioUpstream(options, options.target.process)
}

/**
 * One attempt at a time, remembered while it holds; after a failure the next waits 1 s, 2 s, … 30 s, and until then
 * the failure is the answer, at once.
 */
function remember<value>(clock: Clock, attempt: () => Promise<value>, isGone: (value: value) => boolean) {
  let current: Promise<value> | undefined
  let known: value | undefined
  let failures = 0
  let failedAt = 0
  let lastError: unknown
  return function get(): Promise<value> {
    if (known !== undefined && !isGone(known)) return current!
    if (known !== undefined) {
      known = undefined
      current = undefined
    }
    if (current) return current
    const waitMicros =
      failures === 0 ? 0 : Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)) * 1000
    if (clock.monotonicMicros() - failedAt < waitMicros) return Promise.reject(lastError)
    current = attempt().then(
      (value) => {
        known = value
        failures = 0
        return value
      },
      (error: unknown) => {
        current = undefined
        failures = Math.min(failures + 1, 10)
        failedAt = clock.monotonicMicros()
        lastError = error
        throw error
      },
    )
    return current
  }
}

function httpUpstream(options: UpstreamOptions, target: { url: string; outlet: Outlet }): Upstream {
  const url = new URL(target.url)
  let lastId = 0
  const wire: HttpWire = {
    nextId: () => ++lastId,
    outlet: target.outlet,
    path: url.pathname + url.search,
    limitBytes: options.limits.resultBytes,
    timeoutMs: options.limits.timeoutMs,
    mirrored: options.mirrored,
    report: options.report,
  }
  const sessions = new Set<Channel>()
  const info = remember(
    options.clock,
    () => detectHttp(wire),
    () => false,
  )
  let shared: Channel | undefined
  return {
    name: options.name,
    transport: 'http',
    lane: undefined,
    info,
    async modern() {
      const found = await info()
      if (found.era !== '2026-07-28')
        throw new ParleyError('upstream_invalid', 'This server speaks an earlier revision.')
      return (shared ??= createModernHttpChannel(wire, found))
    },
    openSession: (terms, signal) =>
      openCounted(options, sessions, () => openLegacyHttpChannel(wire, terms, signal)),
    async close() {
      await Promise.allSettled([...sessions].map((session) => session.close()))
      await target.outlet.destroy()
    },
  }
}

async function openCounted<channel extends Channel>(
  options: UpstreamOptions,
  sessions: Set<channel>,
  open: () => Promise<channel>,
): Promise<channel> {
  for (const session of sessions) if (session.closed) sessions.delete(session)
  if (sessions.size >= options.limits.sessions) {
    throw new ParleyError(
      'unavailable',
      `The server "${options.name}" has as many sessions as it may; try again later.`,
    )
  }
  const session = await open()
  sessions.add(session)
  return session
}

/** Modern first; what is no recognised modern answer means a legacy server (MCP 2026-07-28, Backward Compatibility). */
async function detectHttp(wire: HttpWire): Promise<UpstreamInfo> {
  const params = {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': HUB_TERMS.clientInfo,
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  }
  const signal = AbortSignal.timeout(wire.timeoutMs)
  try {
    const { outcome } = await exchangeModern(wire, {
      method: 'server/discover',
      params,
      signal,
      onNotification() {},
    })
    if ('result' in outcome && Array.isArray(outcome.result['supportedVersions']))
      return toModernInfo(outcome.result)
    if ('error' in outcome && outcome.error.code === -32022) {
      throw new ParleyError('upstream_invalid', 'The server speaks only revisions that Parley does not.')
    }
  } catch (error) {
    const known = toParleyError(error)
    const status = (known.data as { status?: number } | undefined)?.status
    if (
      known.code === 'upstream_timeout' ||
      known.code === 'egress_refused' ||
      status === 401 ||
      status === 403
    )
      throw error
    if (status === undefined && known.code === 'upstream_unavailable') throw error
  }
  const session = await openLegacyHttpChannel(wire, HUB_TERMS, signal)
  const { info } = session
  await session.close()
  return info
}

function stdioUpstream(options: UpstreamOptions, process: StdioTarget): Upstream {
  const stdio: StdioOptions = {
    target: process,
    limitBytes: options.limits.resultBytes,
    timeoutMs: options.limits.timeoutMs,
    report: options.report,
    onLog: options.onLog,
  }
  const sessions = new Set<StdioChannel>()
  let legacy = false
  let probed: StdioChannel | undefined
  const probe = remember(
    options.clock,
    async () => {
      const channel = new StdioChannel(stdio)
      probed = channel
      try {
        await channel.detect(HUB_TERMS, AbortSignal.timeout(options.limits.timeoutMs))
        legacy = channel.info.era !== '2026-07-28'
        return channel
      } catch (error) {
        await channel.close()
        throw error
      }
    },
    (channel) => channel.closed,
  )
  return {
    name: options.name,
    transport: 'stdio',
    lane: undefined,
    info: async () => (await probe()).info,
    async modern() {
      const channel = await probe()
      if (legacy) throw new ParleyError('upstream_invalid', 'This server speaks an earlier revision.')
      return channel
    },
    async openSession(terms, signal) {
      await probe()
      return openCounted(options, sessions, async () => {
        const channel = new StdioChannel(stdio)
        try {
          await channel.initialize(terms, signal)
          return channel
        } catch (error) {
          await channel.close()
          throw error
        }
      })
    },
    async close() {
      await Promise.allSettled([...sessions].map((session) => session.close()))
      await probed?.close()
    },
  }
}
