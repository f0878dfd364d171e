import type { SseEvent } from '../lib/sse.ts'

const DEFAULT_RETRY_MS = 1000
const MAX_RETRY_MS = 10_000
/** What a Last-Event-ID header can carry. */
const HEADER_SAFE = /^[\x21-\x7e]{1,1024}$/

/** Where an event stream stands, so that it can be taken up again (MCP 2025-11-25, Resumability and Redelivery). */
export class StreamCursor {
  lastEventId: string | undefined
  retryMs = DEFAULT_RETRY_MS

  readonly take = (event: SseEvent): void => {
    if (event.id !== undefined) this.lastEventId = HEADER_SAFE.test(event.id) ? event.id : undefined
    if (event.retryMs !== undefined) this.retryMs = Math.min(MAX_RETRY_MS, event.retryMs)
  }
}
