import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError } from '@parley/contract'
import type { EventStream, EventStreamEvents, EventStreams } from './event-streams.ts'
import type { StreamCaps } from './stream-caps.ts'

/** A place among the open streams: use it with `open`, or give it back with `release`. */
export interface StreamPlace {
  /** Begins the response; the place is given back when the stream is over. */
  open(request: IncomingMessage, response: ServerResponse, events: EventStreamEvents): EventStream
  release(): void
}

/** The event streams to clients, within the limits of `streams` and `streamsPerPrincipal`. */
export class ClientStreams {
  readonly #streams: EventStreams
  readonly #caps: StreamCaps

  constructor(streams: EventStreams, caps: StreamCaps) {
    this.#streams = streams
    this.#caps = caps
  }

  /** Throws `rate_limited` when the caller, or all callers together, have as many streams as they may. */
  take(subject: string): StreamPlace {
    const place = this.tryTake(subject)
    if (place) return place
    throw new ParleyError('rate_limited', 'Too many open streams; close one first.', {
      data: { retryAfterSeconds: 5 },
    })
  }

  tryTake(subject: string): StreamPlace | undefined {
    if (!this.#caps.take(subject)) return undefined
    const release = () => this.#caps.release(subject)
    return {
      release,
      open: (request, response, events) =>
        this.#streams.open(request, response, {
          onDrain: () => events.onDrain(),
          onClose() {
            release()
            events.onClose()
          },
        }),
    }
  }
}
