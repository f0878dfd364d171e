import { ParleyError, toParleyError } from '@parley/contract'
import type { Channel, SessionTerms } from './channel.ts'
import { statusOf } from './http-status-error.ts'
import type { HttpWire } from './http-wire.ts'
import { openLegacyHttpChannel } from './legacy-http-channel.ts'
import { openLegacyPipeChannel } from './legacy-pipe-channel.ts'
import { SseConnection } from './sse-connection.ts'

/**
 * Opens a session with a server of which it is not known how it is spoken with: `initialize` by POST, and where that is
 * refused as something unknown, a GET that may bring the address of HTTP+SSE (MCP 2025-11-25, Transports: Backwards
 * Compatibility).
 */
export async function openHttpSession(
  wire: HttpWire,
  terms: SessionTerms,
  signal: AbortSignal,
): Promise<Channel> {
  try {
    return await openLegacyHttpChannel(wire, terms, signal)
  } catch (error) {
    if (signal.aborted || !mayBeHttpSse(statusOf(toParleyError(error)))) throw error
    const channel = await openSseChannel(wire, terms, signal)
    if (channel instanceof ParleyError) throw error
    return channel
  }
}

/** A status with which a server of HTTP+SSE alone may answer a POST to the address of its stream. */
function mayBeHttpSse(status: number | undefined): boolean {
  if (status === undefined || status === 401 || status === 403 || status === 408 || status === 429)
    return false
  return status >= 400 && status < 500
}

/** A session over HTTP+SSE, or why the server opened no stream. */
export async function openSseChannel(
  wire: HttpWire,
  terms: SessionTerms,
  signal: AbortSignal,
): Promise<Channel | ParleyError> {
  const connection = await SseConnection.open(wire, signal)
  if (connection instanceof ParleyError) return connection
  try {
    return await openLegacyPipeChannel(connection, terms, signal)
  } catch (error) {
    await connection.close()
    throw error
  }
}
