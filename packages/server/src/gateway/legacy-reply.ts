import type { ParleyError } from '@parley/contract'
import type { EventStream } from '../http/index.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Outcome } from '../lib/json-rpc.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { Call } from './call.ts'
import type { ClientStreams } from './client-streams.ts'
import { acceptsStreams } from './exchange-once.ts'
import { keepPace } from './keep-pace.ts'
import { sendError, sendJsonText, toRpcError } from './reply.ts'
import type { ResumableStream, SessionStreams } from './session-streams.ts'

/** A client whose connection breaks is to wait this long before it comes back. */
export const RETRY_MS = 1000
/** A call that takes longer can be come back for. */
const OPEN_AFTER_MS = 1000
const EVENT_HEADERS = ['content-type', 'text/event-stream', 'cache-control', 'no-store, no-transform']

export interface LegacyReplyTools {
  readonly clock: Clock
  readonly clientStreams: ClientStreams
  readonly writes: WriteBatch
}

/**
 * The answer to one request of a 2025-11-25 client. What is answered at once goes out whole, in one write; anything
 * else becomes a resumable stream of the session. A client that accepts no event stream, or for which no stream is
 * left, gets the result alone.
 */
export class LegacyReply {
  readonly #tools: LegacyReplyTools
  readonly #call: Call
  readonly #streams: SessionStreams
  readonly #timer: Timer
  #stream: ResumableStream | undefined
  #isDone = false

  constructor(tools: LegacyReplyTools, call: Call, streams: SessionStreams) {
    this.#tools = tools
    this.#call = call
    this.#streams = streams
    this.#timer = tools.clock.setTimeout(() => void this.#open(), OPEN_AFTER_MS)
  }

  /** Sends a notification, or a request to the client, on this request's stream. False when there is none. */
  send(message: object): boolean {
    const stream = this.#open()
    stream?.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
    return stream !== undefined
  }

  /** Ends the connection, and lets the client come back for the answer (SEP-1699). */
  pause(retryMs: number): void {
    this.#open()?.pause(retryMs)
  }

  /** For the connection that the call came on; one that is come back with catches up from what is kept. */
  ready(): Promise<void> | undefined {
    return this.#stream && keepPace(this.#call.res, this.#tools.clock)
  }

  finish(outcome: Outcome): void {
    const body =
      'result' in outcome
        ? `"result":${JSON.stringify(outcome.result)}`
        : `"error":${JSON.stringify(outcome.error)}`
    this.#end(`{"jsonrpc":"2.0","id":${this.#call.idJson},${body}}`)
  }

  fail(error: ParleyError): void {
    if (this.#isDone) return
    if (this.#stream) return this.finish({ error: toRpcError(error) })
    this.#isDone = true
    this.#timer.cancel()
    sendError(this.#call.res, error, this.#call.idJson)
  }

  #open(): ResumableStream | undefined {
    const { req, res, principal } = this.#call
    if (this.#isDone) return undefined
    if (this.#stream || res.headersSent || res.destroyed || !acceptsStreams(this.#call)) return this.#stream
    const place = this.#tools.clientStreams.tryTake(principal.subject)
    if (!place) return undefined
    const stream = this.#streams.open()
    const connection: EventStream = place.open(req, res, {
      onClose: () => stream.lose(connection),
      onDrain: () => undefined,
    })
    connection.send(stream.prime(RETRY_MS))
    stream.connect(connection)
    this.#stream = stream
    return stream
  }

  #end(json: string): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#timer.cancel()
    const { res, headers } = this.#call
    if (this.#stream) this.#stream.finish(json)
    else if (headers.accept?.includes('text/event-stream') && !res.destroyed) {
      const body = Buffer.from(this.#streams.open().encodeWhole(json, RETRY_MS))
      this.#tools.writes.add(() =>
        res.writeHead(200, [...EVENT_HEADERS, 'content-length', String(body.length)]).end(body),
      )
    } else this.#tools.writes.add(() => sendJsonText(res, 200, json))
  }
}
