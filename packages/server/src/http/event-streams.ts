import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Limits } from '../config/index.ts'
import { WriteBatch } from '../lib/write-batch.ts'

export interface EventStreamEvents {
  /** The stream is over, whoever ended it; called exactly once. */
  onClose(): void
  /** The hub is shutting down: send the final response, then `end`. */
  onDrain(): void
}

/** A `text/event-stream` response (WHATWG HTML, Server-sent events). After its end every call does nothing. */
export interface EventStream {
  /** Writes whole events as they stand, those of one turn of the event loop together. False once the stream is over, be it because its reader is too slow. */
  send(bytes: Buffer | string): boolean
  /** Ends the stream, after last events if there are any. */
  end(last?: Buffer | string): void
  /** Cuts the connection. */
  destroy(): void
}

export type EventStreamLimits = Pick<Limits, 'heartbeatMs' | 'streamBufferBytes'>

const NOTHING: (Buffer | string)[] = []
const HEARTBEAT = Buffer.from(': \n\n')
/** TCP probes begin after this silence and give up some ten seconds later. */
const PROBE_AFTER_MS = 15_000
/** So much is not put off until the end of the turn. */
const ONE_WRITE_BYTES = 65_536

/** `x-accel-buffering` keeps proxies such as nginx from holding events back. */
const HEADERS = (
  'content-type=text/event-stream&cache-control=no-store, no-transform&' +
  'x-accel-buffering=no&x-content-type-options=nosniff'
).split(/[=&]/)

/**
 * All open event streams: one timer beats for all of them, and shutdown reaches each. A stream whose reader leaves
 * more than `streamBufferBytes` unread is cut.
 */
export class EventStreams {
  readonly #limits: EventStreamLimits
  readonly #open = new Set<OpenStream>()
  readonly #writes = new WriteBatch()
  #timer: NodeJS.Timeout | undefined
  #isDraining = false

  constructor(limits: EventStreamLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /** Begins the response. `headers` is a flat name, value list beside those of every event stream. */
  open(
    request: IncomingMessage,
    response: ServerResponse,
    events: EventStreamEvents,
    headers: readonly string[] = [],
  ): EventStream {
    const stream: OpenStream = new OpenStream(response, {
      limitBytes: this.#limits.streamBufferBytes,
      writes: this.#writes,
      events,
      onClose: () => {
        this.#open.delete(stream)
        if (this.#open.size === 0) this.#stopBeating()
      },
    })
    request.socket.setKeepAlive(true, PROBE_AFTER_MS)
    response.writeHead(200, [...HEADERS, ...headers])
    response.flushHeaders()
    this.#open.add(stream)
    this.#timer ??= setInterval(() => this.#beat(), this.#limits.heartbeatMs).unref()
    if (this.#isDraining) setImmediate(() => stream.drain())
    return stream
  }

  /** Tells every stream, and every one opened from now on, that the hub is shutting down. */
  drain(): void {
    this.#isDraining = true
    for (const stream of this.#open) stream.drain()
  }

  #beat(): void {
    for (const stream of this.#open) stream.beat()
  }

  #stopBeating(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

interface OpenStreamParts {
  readonly limitBytes: number
  readonly writes: WriteBatch
  readonly events: EventStreamEvents
  readonly onClose: () => void
}

class OpenStream implements EventStream {
  readonly #response: ServerResponse
  readonly #limitBytes: number
  readonly #writes: WriteBatch
  readonly #events: EventStreamEvents
  /** What this turn brought. */
  #unwritten: (Buffer | string)[] = NOTHING
  #unwrittenBytes = 0
  #isOver = false
  #wasQuiet = false

  constructor(response: ServerResponse, { limitBytes, writes, events, onClose }: OpenStreamParts) {
    this.#response = response
    this.#limitBytes = limitBytes
    this.#writes = writes
    this.#events = events
    response.on('close', () => {
      this.#isOver = true
      onClose()
      events.onClose()
    })
  }

  send(bytes: Buffer | string): boolean {
    if (this.#isOver) return false
    this.#wasQuiet = false
    // What waits is measured before this message, so that a large one alone does not make a reader slow.
    if (this.#response.writableLength > this.#limitBytes) {
      this.destroy()
      return false
    }
    this.#unwrittenBytes += bytes.length
    if (this.#unwritten === NOTHING) {
      this.#unwritten = [bytes]
      this.#writes.add(() => this.#flush())
    } else this.#unwritten.push(bytes)
    if (this.#unwrittenBytes > ONE_WRITE_BYTES) this.#flush()
    return true
  }

  end(last?: Buffer | string): void {
    if (this.#isOver) return
    this.#flush()
    this.#isOver = true
    if (last === undefined) this.#response.end()
    else this.#response.end(last)
  }

  destroy(): void {
    this.#isOver = true
    this.#unwritten = NOTHING
    this.#response.destroy()
  }

  #flush(): void {
    const parts = this.#unwritten
    if (parts === NOTHING || this.#isOver) return
    this.#unwritten = NOTHING
    this.#unwrittenBytes = 0
    const isText = parts.every((part) => typeof part === 'string')
    this.#response.write(
      parts.length === 1
        ? parts[0]
        : isText
          ? parts.join('')
          : Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))),
    )
  }

  drain(): void {
    if (!this.#isOver) this.#events.onDrain()
  }

  /** A comment goes out only where nothing was sent since the last beat. */
  beat(): void {
    if (this.#wasQuiet) this.send(HEARTBEAT)
    this.#wasQuiet = true
  }
}
