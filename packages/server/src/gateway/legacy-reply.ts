import { knows, type ParleyError } from '@parley/contract'
import type { EventStream } from '../http/index.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Outcome } from '../lib/json-rpc.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { Call } from './call.ts'
import type { ClientStreams } from '../http/index.ts'
import { acceptsStreams } from './exchange-once.ts'
import { keepPace } from './keep-pace.ts'
import { sendError, sendJsonText, toRpcError } from './reply.ts'
import type { LegacySession } from './legacy-session.ts'
import { encodeResponse, type SessionReply } from './session-reply.ts'
import type { ResumableStream } from './session-streams.ts'

/** A client whose connection breaks is to wait this long before it comes back. */
export const RETRY_MS = 1000
/** A call that takes longer can be come back for. */
export const OPEN_AFTER_MS = 1000
export const EVENT_HEADERS = ['content-type', 'text/event-stream', 'cache-control', 'no-store, no-transform']

export interface LegacyReplyTools {
  readonly clock: Clock
  readonly clientStreams: ClientStreams
  readonly writes: WriteBatch
}

/**
 * The answer to one request over Streamable HTTP. What is answered at once goes out whole, in one write; anything
 * else becomes a resumable stream of the session. A client that accepts no event stream, or for which no stream is
 * left, gets the result alone.
 */
export class LegacyReply implements SessionReply {
  readonly #tools: LegacyReplyTools
  readonly #call: Call
  readonly #session: LegacySession
  readonly #timer: Timer
  #stream: ResumableStream | undefined
  #isDone = false

  constructor(tools: LegacyReplyTools, call: Call, session: LegacySession) {
    this.#tools = tools
    this.#call = call
    this.#session = session
    this.#timer = tools.clock.setTimeout(() => void this.#open(), OPEN_AFTER_MS)
  }

  begin(): void {}

  /** On this request's stream; false when there is none. */
  send(message: object): boolean {
    const stream = this.#open()
    stream?.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
    return stream !== undefined
  }

  /** Ends the connection, and lets the client come back for the answer (SEP-1699). */
  pause(retryMs: number): void {
    // Clients of earlier revisions take the end of a stream for the loss of its answer.
    if (knows(this.#session.revision, 'emptyEvents')) this.#open()?.pause(retryMs)
  }

  /** For the connection that the call came on; one that is come back with catches up from what is kept. */
  ready(): Promise<void> | undefined {
    return this.#stream && keepPace(this.#call.res, this.#tools.clock)
  }

  finish(outcome: Outcome): void {
    this.#end(encodeResponse(this.#call.idJson, outcome))
  }

  fail(error: ParleyError): void {
    if (this.#isDone) return
    if (this.#stream) return this.finish({ error: toRpcError(error) })
    this.#isDone = true
    this.#timer.cancel()
    sendError(this.#call.res, error, this.#call.idJson)
  }

  #open(): ResumableStream | undefined {
    if (this.#isDone) return undefined
    this.#stream ??= openReplyStream(this.#tools, this.#call, this.#session)
    return this.#stream
  }

  #end(json: string): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#timer.cancel()
    const { res, headers } = this.#call
    if (this.#stream) this.#stream.finish(json)
    else if (headers.accept?.includes('text/event-stream') && !res.destroyed) {
      const body = Buffer.from(this.#session.streams.open().encodeWhole(json, primeFor(this.#session)))
      this.#tools.writes.add(() =>
        res.writeHead(200, [...EVENT_HEADERS, 'content-length', String(body.length)]).end(body),
      )
    } else this.#tools.writes.add(() => sendJsonText(res, 200, json))
  }
}

/** A stream of the session's own as the response to a request; undefined where none can be had. */
export function openReplyStream(
  tools: LegacyReplyTools,
  call: Pick<Call, 'req' | 'res' | 'principal' | 'headers'>,
  session: LegacySession,
): ResumableStream | undefined {
  const { req, res, principal } = call
  if (res.headersSent || res.destroyed || !acceptsStreams(call)) return undefined
  const place = tools.clientStreams.tryTake(principal.subject)
  if (!place) return undefined
  const stream = session.streams.open()
  const connection: EventStream = place.open(req, res, {
    onClose: () => stream.lose(connection),
    onDrain: () => undefined,
  })
  const retryMs = primeFor(session)
  if (retryMs !== undefined) connection.send(stream.prime(retryMs))
  stream.connect(connection)
  return stream
}

/** Earlier clients take an event without a message for a broken one (MCP 2025-11-25, SEP-1699). */
export function primeFor({ revision }: LegacySession): number | undefined {
  return knows(revision, 'emptyEvents') ? RETRY_MS : undefined
}
