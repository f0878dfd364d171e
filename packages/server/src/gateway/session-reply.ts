import type { ParleyError } from '@parley/contract'
import type { Outcome } from '../lib/json-rpc.ts'

/** The way of the answer to one request of a session, and of what is said and asked before it. */
export interface SessionReply {
  /** The request is in order and goes on to its server. */
  begin(): void
  /** Sends a notification, or a request to the client, where it belongs to this request. False when it cannot. */
  send(message: object): boolean
  /** The server let go of the connection for a while, and the client may be let go likewise. */
  pause(retryMs: number): void
  /** A promise while the client does not keep up; see `ExchangeEvents`. */
  ready?(): Promise<void> | undefined
  finish(outcome: Outcome): void
  fail(error: ParleyError): void
}

/** One response as JSON; `idJson` is the request's id as it was sent. */
export function encodeResponse(idJson: string, outcome: Outcome): string {
  const body =
    'result' in outcome
      ? `"result":${JSON.stringify(outcome.result)}`
      : `"error":${JSON.stringify(outcome.error)}`
  return `{"jsonrpc":"2.0","id":${idJson},${body}}`
}
