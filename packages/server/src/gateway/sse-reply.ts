import type { ParleyError } from '@parley/contract'
import { Challenge } from '../identity/index.ts'
import type { Outcome } from '../lib/json-rpc.ts'
import type { Call } from './call.ts'
import { sendError, toRpcError } from './reply.ts'
import { encodeResponse, type SessionReply } from './session-reply.ts'

/**
 * The answer to one request over HTTP+SSE (MCP 2024-11-05): the POST is told that it was accepted, all else comes on the
 * session's one stream. Only what makes a client get another token answers the POST.
 */
export class SseReply implements SessionReply {
  readonly #call: Pick<Call, 'res' | 'idJson'>
  readonly #push: (json: string) => void

  constructor(call: Pick<Call, 'res' | 'idJson'>, push: (json: string) => void) {
    this.#call = call
    this.#push = push
  }

  begin(): void {
    const { res } = this.#call
    if (!res.headersSent && !res.destroyed) res.writeHead(202).end()
  }

  send(message: object): boolean {
    this.begin()
    this.#push(JSON.stringify({ jsonrpc: '2.0', ...message }))
    return true
  }

  pause(): void {}

  finish(outcome: Outcome): void {
    this.begin()
    this.#push(encodeResponse(this.#call.idJson, outcome))
  }

  fail(error: ParleyError): void {
    const { res, idJson } = this.#call
    if (error instanceof Challenge && !res.headersSent) sendError(res, error, idJson)
    else this.finish({ error: toRpcError(error) })
  }
}
