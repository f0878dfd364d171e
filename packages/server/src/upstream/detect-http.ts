import { toParleyError, type ParleyError } from '@parley/contract'
import type { Outcome } from '../lib/json-rpc.ts'
import type { UpstreamInfo } from './channel.ts'
import { statusOf } from './http-status-error.ts'
import type { HttpWire } from './http-wire.ts'
import { HUB_META, HUB_TERMS } from './hub-terms.ts'
import { exchangeModern } from './modern-http-channel.ts'
import { openHttpSession } from './open-http-session.ts'
import { readDiscovery, refusesOwnVersion } from './read-discovery.ts'

/**
 * Finds out which era a server speaks: a modern request first; an answer that is no recognised modern one means a
 * session server, over Streamable HTTP or HTTP+SSE (MCP 2026-07-28, Streamable HTTP: Backward Compatibility).
 */
export async function detectHttp(wire: HttpWire, signal: AbortSignal): Promise<UpstreamInfo> {
  const first = await discover(wire, signal)
  const discovery = readDiscovery(refusesOwnVersion(first) ? await discover(wire, signal) : first)
  if (discovery) return discovery
  const session = await openHttpSession(wire, HUB_TERMS, signal)
  const { info } = session
  await session.close()
  return info
}

async function discover(wire: HttpWire, signal: AbortSignal): Promise<Outcome | undefined> {
  try {
    return await exchangeModern(wire, {
      id: 0,
      method: 'server/discover',
      params: { _meta: HUB_META },
      signal,
      onNotification: ({ method }) => wire.report('unexpected-notification', method),
    })
  } catch (error) {
    if (signal.aborted || !isLegacyAnswer(toParleyError(error))) throw error
    return undefined
  }
}

/** An answer that a session server may give to a request it does not understand, rather than none or a refusal. */
function isLegacyAnswer(error: ParleyError): boolean {
  if (error.code === 'upstream_invalid') return true
  const status = statusOf(error)
  return (
    status !== undefined &&
    status !== 401 &&
    status !== 403 &&
    status !== 429 &&
    (status < 300 || status >= 400) &&
    status < 502
  )
}
