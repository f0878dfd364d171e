/** One event of an event stream (HTML Living Standard, Server-sent events). */
export interface SseEvent {
  readonly event: string | undefined
  readonly id: string | undefined
  readonly data: string
  /** Reconnection time in milliseconds when the block carried a valid `retry` field. */
  readonly retryMs: number | undefined
}

/** Thrown when an unfinished event grows beyond the parser's limit. */
export class SseTooLargeError extends Error {
  constructor(limitBytes: number) {
    super(`An event of the stream is larger than ${limitBytes} bytes.`)
    this.name = 'SseTooLargeError'
  }
}

const LF = 0x0a
const CR = 0x0d

/**
 * Incremental parser of an event stream. `push` takes bytes as they come and returns the events they complete; an
 * unfinished event may hold at most `limitBytes`. A block with an `id` or `retry` but no data is returned with empty
 * data, because MCP 2025-11-25 primes clients with such events.
 */
export class SseParser {
  #limitBytes: number
  #held: Buffer[] = []
  #heldBytes = 0
  #data: string[] = []
  #dataBytes = 0
  #event: string | undefined
  #id: string | undefined
  #retryMs: number | undefined
  #skipLineFeed = false
  #first = true

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  push(chunk: Buffer): SseEvent[] {
    const events: SseEvent[] = []
    let start = this.#skipLineFeed && chunk[0] === LF ? 1 : 0
    if (chunk.length > 0) this.#skipLineFeed = false
    // Searched for once and not byte by byte: most streams have line feeds alone.
    let carriageReturn = chunk.indexOf(CR, start)
    let lineFeed = chunk.indexOf(LF, start)
    while (lineFeed >= 0 || carriageReturn >= 0) {
      const isFeed = carriageReturn < 0 || (lineFeed >= 0 && lineFeed < carriageReturn)
      const end = isFeed ? lineFeed : carriageReturn
      this.#line(this.#takeLine(chunk.subarray(start, end)), events)
      start = end + 1
      if (!isFeed) {
        if (chunk[start] === LF) start++
        else if (start === chunk.length) this.#skipLineFeed = true
        carriageReturn = chunk.indexOf(CR, start)
      }
      if (lineFeed >= 0 && lineFeed < start) lineFeed = chunk.indexOf(LF, start)
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
    return events
  }

  #hold(rest: Buffer): void {
    this.#heldBytes += rest.length
    if (this.#heldBytes + this.#dataBytes > this.#limitBytes) throw new SseTooLargeError(this.#limitBytes)
    this.#held.push(Buffer.from(rest))
  }

  #takeLine(last: Buffer): string {
    const line = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last])
    this.#held = []
    this.#heldBytes = 0
    const text = line.toString('utf8')
    if (!this.#first) return text
    this.#first = false
    return text.startsWith('\ufeff') ? text.slice(1) : text
  }

  #line(line: string, events: SseEvent[]): void {
    if (line === '') {
      this.#finish(events)
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') {
      this.#dataBytes += value.length + 1
      if (this.#dataBytes > this.#limitBytes) throw new SseTooLargeError(this.#limitBytes)
      this.#data.push(value)
    } else if (field === 'event') this.#event = value
    else if (field === 'id') this.#id = value.includes('\0') ? this.#id : value
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value)
  }

  #finish(events: SseEvent[]): void {
    if (this.#data.length > 0 || this.#id !== undefined || this.#retryMs !== undefined) {
      events.push({ event: this.#event, id: this.#id, data: this.#data.join('\n'), retryMs: this.#retryMs })
    }
    this.#data = []
    this.#dataBytes = 0
    this.#event = undefined
    this.#id = undefined
    this.#retryMs = undefined
  }
}

/** A JSON-RPC message as one event. JSON never holds a raw line break, so one `data` line is enough. */
export function encodeEvent(json: string, id?: string): string {
  return id === undefined
    ? `event: message\ndata: ${json}\n\n`
    : `event: message\nid: ${id}\ndata: ${json}\n\n`
}
