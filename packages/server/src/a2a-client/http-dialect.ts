import type { ParleyError } from '@parley/contract'
import type { OperationName, StreamResponse } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { SseEvent } from '../lib/sse.ts'
import type { Wording } from './wording.ts'

/** A request as it goes over HTTP. */
export interface WrittenRequest {
  readonly operation: OperationName
  readonly method: 'POST' | 'GET' | 'DELETE'
  /** Path and query. */
  readonly path: string
  readonly body: Buffer
  /** Of JSON-RPC. */
  readonly id: number
  /** What the agent is asked instead where it does not know that path and method. */
  readonly otherwise?: WrittenRequest
}

/**
 * How one binding in one version says A2A over HTTP: pure rules. What they answer is A2A 1.0 JSON, or the agent's own
 * error as a `ParleyError`; they throw where there is neither, and `undefined` leaves it to the HTTP status.
 */
export interface HttpDialect {
  readonly wording: Wording
  /** Lines that all requests have, by whether a stream is wanted. */
  readonly callHead: string
  readonly streamHead: string
  write(operation: OperationName, request: JsonObject): WrittenRequest
  /** A whole body that is JSON by its content type, under whatever status. */
  readAnswer(written: WrittenRequest, status: number, body: Buffer): JsonObject | ParleyError | undefined
  readEvent(written: WrittenRequest, event: SseEvent): StreamResponse | ParleyError
}
