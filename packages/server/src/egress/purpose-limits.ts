import type { Limits } from '../config/index.ts'

/**
 * What an outlet is for; each purpose has its own limits, and connections are never shared between outlets. `cimd` and
 * `jwks` fetch what an app that anybody may have made up points at: its metadata document, its public keys. `document`
 * fetches the OpenAPI document of a server, `card` the card of an agent. `oauth` is for the authorization servers of
 * others, and what leads to them.
 * Calls of agents are made over `agent`, streams of their tasks over `agent-stream`, so that these never keep those waiting.
 * `webhook` tells those who asked for it about a task.
 */
export type Purpose =
  | 'upstream'
  | 'agent'
  | 'agent-stream'
  | 'probe'
  | 'cimd'
  | 'jwks'
  | 'document'
  | 'oauth'
  | 'webhook'
  | 'card'

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
  | 'upstreamConnectTimeoutMs'
  | 'upstreamTimeoutMs'
  | 'upstreamResponseBytes'
  | 'upstreamConnections'
  | 'clientMetadataBytes'
  | 'webhookTimeoutMs'
>

const RESPONSE_HEADER_BYTES = 16_384
const PROBE_TIMEOUT_MS = 10_000
const PROBE_CONNECTIONS = 2
const CLIENT_TIMEOUT_MS = 5000
const DOCUMENT_TIMEOUT_MS = 30_000
const DOCUMENT_BYTES = 24 * 1024 * 1024
const JWKS_BYTES = 65_536
const OAUTH_BYTES = 262_144
const CARD_BYTES = 1024 * 1024
/** Each stream has a connection of its own over HTTP/1.1. */
const AGENT_STREAMS = 2048
const WEBHOOK_BYTES = 65_536
const WEBHOOK_CONNECTIONS = 8

/** The limits of one purpose. Whatever a person waits for gives up early. */
export function purposeLimits(purpose: Purpose, limits: EgressLimits): PurposeLimits {
  const timeoutMs = purposeTimeoutMs(purpose, limits)
  return {
    connectTimeoutMs: Math.min(timeoutMs, limits.upstreamConnectTimeoutMs),
    headersTimeoutMs: timeoutMs,
    idleTimeoutMs: timeoutMs,
    totalTimeoutMs: timeoutMs,
    headerBytes: RESPONSE_HEADER_BYTES,
    responseBytes: responseBytes(purpose, limits),
    connections: connections(purpose, limits),
  }
}

function isForCalls(purpose: Purpose): boolean {
  return purpose === 'upstream' || purpose === 'agent' || purpose === 'agent-stream'
}

function purposeTimeoutMs(purpose: Purpose, limits: EgressLimits): number {
  if (isForCalls(purpose)) return limits.upstreamTimeoutMs
  if (purpose === 'webhook') return limits.webhookTimeoutMs
  if (purpose === 'document') return Math.min(DOCUMENT_TIMEOUT_MS, limits.upstreamTimeoutMs)
  const isProbe = purpose === 'probe' || purpose === 'oauth' || purpose === 'card'
  const timeoutMs = isProbe ? PROBE_TIMEOUT_MS : CLIENT_TIMEOUT_MS
  return Math.min(timeoutMs, limits.upstreamTimeoutMs)
}

function connections(purpose: Purpose, limits: EgressLimits): number {
  if (purpose === 'agent-stream') return AGENT_STREAMS
  if (purpose === 'webhook') return WEBHOOK_CONNECTIONS
  return isForCalls(purpose) ? limits.upstreamConnections : PROBE_CONNECTIONS
}

function responseBytes(purpose: Purpose, limits: EgressLimits): number {
  if (purpose === 'document') return DOCUMENT_BYTES
  if (purpose === 'cimd') return limits.clientMetadataBytes
  if (purpose === 'oauth') return OAUTH_BYTES
  if (purpose === 'webhook') return WEBHOOK_BYTES
  if (purpose === 'card') return CARD_BYTES
  return purpose === 'jwks' ? JWKS_BYTES : limits.upstreamResponseBytes
}
