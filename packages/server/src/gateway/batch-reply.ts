import type { ParleyError } from '@parley/contract'
import type { Timer } from '../lib/clock.ts'
import type { Outcome } from '../lib/json-rpc.ts'
import type { Call } from './call.ts'
import { OPEN_AFTER_MS, openReplyStream, type LegacyReplyTools } from './legacy-reply.ts'
import type { LegacySession } from './legacy-session.ts'
import { sendJsonText, toRpcError } from './reply.ts'
import { encodeResponse, type SessionReply } from './session-reply.ts'
import type { ResumableStream } from './session-streams.ts'

export type BatchRequest = Pick<Call, 'req' | 'res' | 'principal' | 'headers'>

/**
 * The answers to a batch of requests (MCP 2025-03-26, Sending Messages to the Server): one array where all is answered
 * soon and nothing has to be said before; otherwise one event stream, with each response as it comes.
 */
export class BatchReply {
  readonly #tools: LegacyReplyTools
  readonly #request: BatchRequest
  readonly #session: LegacySession
  readonly #timer: Timer
  readonly #answers: string[] = []
  #waiting: number
  #stream: ResumableStream | undefined

  constructor(
    tools: LegacyReplyTools,
    { request, session, count }: { request: BatchRequest; session: LegacySession; count: number },
  ) {
    this.#tools = tools
    this.#request = request
    this.#session = session
    this.#waiting = count
    this.#timer = tools.clock.setTimeout(() => void this.#open(), OPEN_AFTER_MS)
  }

  /** The way of one of its answers. */
  member(idJson: string): SessionReply {
    const finish = (outcome: Outcome) => this.#answer(encodeResponse(idJson, outcome))
    return {
      begin() {},
      send: (message) => {
        const stream = this.#open()
        stream?.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
        return stream !== undefined
      },
      pause() {},
      finish,
      fail: (error: ParleyError) => finish({ error: toRpcError(error) }),
    }
  }

  #open(): ResumableStream | undefined {
    if (this.#waiting === 0) return undefined
    if (this.#stream) return this.#stream
    this.#stream = openReplyStream(this.#tools, this.#request, this.#session)
    for (const answer of this.#stream ? this.#answers.splice(0) : []) this.#stream?.send(answer)
    return this.#stream
  }

  #answer(json: string): void {
    const isLast = --this.#waiting === 0
    if (isLast) this.#timer.cancel()
    if (this.#stream) return isLast ? this.#stream.finish(json) : this.#stream.send(json)
    this.#answers.push(json)
    if (isLast) sendJsonText(this.#request.res, 200, `[${this.#answers.join(',')}]`)
  }
}
