import type { Clock } from '../lib/clock.ts'
import type { Outcome } from '../lib/json-rpc.ts'
import type { Channel } from './channel.ts'
import { HUB_META, HUB_TERMS } from './hub-terms.ts'
import { openLegacyPipeChannel } from './legacy-pipe-channel.ts'
import { ModernStdioChannel } from './modern-stdio-channel.ts'
import { NO_EVENTS } from './no-events.ts'
import { readDiscovery, refusesOwnVersion } from './read-discovery.ts'
import type { StdioConnection } from './stdio-connection.ts'

/** After this long without an answer to `server/discover`, a server is taken for one that does not know it. */
const SILENCE_MS = 5000

export interface DetectOptions {
  readonly clock: Clock
  /** A new process, for a server that the question has ended. */
  readonly restart: () => StdioConnection
  readonly signal: AbortSignal
}

/**
 * Finds out which era a server speaks and opens a channel in it: `server/discover` first; any answer that is not
 * modern, or none, means a session server (MCP 2026-07-28, stdio: Backward Compatibility).
 */
export async function detectStdio(connection: StdioConnection, options: DetectOptions): Promise<Channel> {
  const first = await discover(connection, options)
  const info = readDiscovery(refusesOwnVersion(first) ? await discover(connection, options) : first)
  if (info) return new ModernStdioChannel(connection, info)
  const lively = connection.closed ? options.restart() : connection
  return openLegacyPipeChannel(lively, HUB_TERMS, options.signal)
}

async function discover(
  connection: StdioConnection,
  { clock, signal }: DetectOptions,
): Promise<Outcome | undefined> {
  const patience = new AbortController()
  const timer = clock.setTimeout(() => patience.abort(), SILENCE_MS)
  const either = AbortSignal.any([signal, patience.signal])
  try {
    return await connection.exchange('server/discover', { _meta: HUB_META }, NO_EVENTS, either)
  } catch (error) {
    if (signal.aborted) throw error
    // Silence, an unreadable answer, or a process that ended at the unknown question: initialize decides.
    return undefined
  } finally {
    timer.cancel()
  }
}
