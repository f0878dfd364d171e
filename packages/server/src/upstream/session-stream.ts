import type { Clock } from '../lib/clock.ts'
import type { PostEnd } from './http-post.ts'
import { StreamCursor } from './stream-cursor.ts'

export interface SessionStreamOptions {
  readonly clock: Clock
  /** Aborted when the session is over. */
  readonly over: AbortSignal
  /** One GET; `onOpen` is to be called with the status. */
  readonly get: (cursor: StreamCursor, onOpen: (status: number) => void) => Promise<PostEnd>
  readonly onLost: () => void
}

const MAX_WAIT_MS = 30_000
const READY_MS = 2000

/**
 * The stream on which a 2025-11-25 server sends what belongs to no request: kept open for as long as the session
 * lives, taken up again where it broke off. A server that has none says so, and then there is none.
 */
export class SessionStream {
  readonly #options: SessionStreamOptions
  readonly #first = Promise.withResolvers<void>()

  constructor(options: SessionStreamOptions) {
    this.#options = options
    options.clock.setTimeout(() => this.#first.resolve(), READY_MS)
    void this.#follow()
  }

  /** Resolves when the server has answered the first time, or was given up waiting for. */
  get ready(): Promise<void> {
    return this.#first.promise
  }

  async #follow(): Promise<void> {
    const { over, onLost } = this.#options
    const cursor = new StreamCursor()
    let everOpen = false
    for (let failures = 0; !over.aborted;) {
      const { status, wasOpen } = await this.#once(cursor)
      this.#first.resolve()
      if (over.aborted) return
      // A server without any route for GET says 404 too; whether the session is lost then shows at its next request.
      if (status === 404) return everOpen ? onLost() : undefined
      // 405 says that there is no such stream (MCP 2025-11-25, Listening for Messages); 400 and 501 mean the same.
      if (status === 405 || status === 400 || status === 501) return
      everOpen ||= wasOpen
      failures = wasOpen ? 0 : failures + 1
      await this.#pause(Math.min(MAX_WAIT_MS, cursor.retryMs * 2 ** Math.min(failures, 10)))
    }
  }

  /** Reads until the stream ends. A failure is no more than an end: a lost session shows at the next exchange. */
  async #once(cursor: StreamCursor): Promise<{ status: number; wasOpen: boolean }> {
    let wasOpen = false
    try {
      const end = await this.#options.get(cursor, (status) => {
        wasOpen = status === 200
        this.#first.resolve()
      })
      return { status: end.kind === 'stream' ? 200 : end.status === 200 ? 405 : end.status, wasOpen }
    } catch {
      return { status: 0, wasOpen }
    }
  }

  #pause(delayMs: number): Promise<void> {
    const { clock, over } = this.#options
    return new Promise((resolve) => {
      const timer = clock.setTimeout(done, delayMs)
      over.addEventListener('abort', done, { once: true })
      function done() {
        timer.cancel()
        over.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}
