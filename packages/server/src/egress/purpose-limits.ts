import type { Limits } from '../config/index.ts'

/** What an outlet is for; each purpose has its own limits, and connections are never shared between outlets. */
export type Purpose = 'upstream' | 'probe'

export interface PurposeLimits {
  /** Name lookup, TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** From the request being written to the last byte of the response headers. */
  readonly headersTimeoutMs: number
  /** Between two parts of a response body. */
  readonly idleTimeoutMs: number
  /** From start to end of a buffered request. */
  readonly totalTimeoutMs: number
  readonly headerBytes: number
  /** Of a buffered response. */
  readonly responseBytes: number
  readonly connections: number
}

export type EgressLimits = Pick<
  Limits,
  'upstreamConnectTimeoutMs' | 'upstreamTimeoutMs' | 'upstreamResponseBytes' | 'upstreamConnections'
>

const RESPONSE_HEADER_BYTES = 16_384
const PROBE_TIMEOUT_MS = 10_000
const PROBE_CONNECTIONS = 2

/** The limits of one purpose. A probe answers a person who waits, so it gives up early. */
export function purposeLimits(purpose: Purpose, limits: EgressLimits): PurposeLimits {
  const isProbe = purpose === 'probe'
  const timeoutMs = isProbe ? Math.min(PROBE_TIMEOUT_MS, limits.upstreamTimeoutMs) : limits.upstreamTimeoutMs
  return {
    connectTimeoutMs: Math.min(timeoutMs, limits.upstreamConnectTimeoutMs),
    headersTimeoutMs: timeoutMs,
    idleTimeoutMs: timeoutMs,
    totalTimeoutMs: timeoutMs,
    headerBytes: RESPONSE_HEADER_BYTES,
    responseBytes: limits.upstreamResponseBytes,
    connections: isProbe ? PROBE_CONNECTIONS : limits.upstreamConnections,
  }
}
