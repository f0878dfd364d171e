import type { EventStream } from '../http/index.ts'
import { encodeEvent } from '../lib/sse.ts'

/** What one session keeps for clients that come back. */
const MAX_EVENTS = 256
const MAX_BYTES = 4 * 1024 * 1024
const EVENT_ID = /^(\d{1,9})-(\d{1,9})$/

/** What all sessions together may keep. */
export class EventBudget {
  #bytes: number

  constructor(limitBytes: number) {
    this.#bytes = limitBytes
  }

  take(bytes: number): boolean {
    if (bytes > this.#bytes) return false
    this.#bytes -= bytes
    return true
  }

  give(bytes: number): void {
    this.#bytes += bytes
  }
}

interface KeptEvent {
  readonly stream: ResumableStream
  readonly sequence: number
  readonly text: string
  readonly bytes: number
}

/**
 * The resumable event streams of one session (MCP 2025-11-25, Resumability and Redelivery). Keeps the last 256 events
 * and 4 MiB, whatever stream they belong to, but always the newest.
 */
export class SessionStreams {
  readonly #budget: EventBudget
  readonly #streams = new Map<number, ResumableStream>()
  #kept: KeptEvent[] = []
  #bytes = 0
  #lastNumber: number
  #isKeeping = true

  /** Streams are numbered from `firstNumber` on, so that event ids of an earlier process name none of them. */
  constructor(budget: EventBudget, firstNumber = 1) {
    this.#budget = budget
    this.#lastNumber = firstNumber - 1
  }

  open(): ResumableStream {
    const number = ++this.#lastNumber
    const stream: ResumableStream = new ResumableStream(number, {
      keep: (sequence, text) => this.#keep(stream, sequence, text),
      after: (sequence) => this.#kept.filter((kept) => kept.stream === stream && kept.sequence > sequence),
      over: () => this.#forget(stream),
    })
    this.#streams.set(number, stream)
    return stream
  }

  /** The stream that an event id belongs to, as long as anything of it is kept or still to come. */
  find(eventId: string): { readonly stream: ResumableStream; readonly after: number } | undefined {
    const [, number, sequence] = EVENT_ID.exec(eventId) ?? []
    const stream = this.#streams.get(Number(number))
    return stream && { stream, after: Number(sequence) }
  }

  /** Ends all connections and forgets everything. */
  close(): void {
    for (const stream of this.#streams.values()) stream.disconnect()
    this.#streams.clear()
    this.keepNothing()
  }

  /** For clients that never come back to a stream: nothing is kept for them from now on. */
  keepNothing(): void {
    this.#isKeeping = false
    this.#budget.give(this.#bytes)
    this.#bytes = 0
    this.#kept = []
  }

  #keep(stream: ResumableStream, sequence: number, text: string): void {
    if (!this.#isKeeping) return
    const bytes = Buffer.byteLength(text)
    while (this.#kept.length > 0 && (this.#kept.length >= MAX_EVENTS || this.#bytes + bytes > MAX_BYTES))
      this.#drop()
    if (!this.#budget.take(bytes)) return
    this.#bytes += bytes
    this.#kept.push({ stream, sequence, text, bytes })
  }

  #drop(): void {
    const { stream, bytes } = this.#kept.shift()!
    this.#bytes -= bytes
    this.#budget.give(bytes)
    if (stream.isOver) this.#forget(stream)
  }

  #forget(stream: ResumableStream): void {
    if (!this.#kept.some((kept) => kept.stream === stream)) this.#streams.delete(stream.number)
  }
}

interface Memory {
  keep(sequence: number, text: string): void
  after(sequence: number): readonly { readonly sequence: number; readonly text: string }[]
  over(): void
}

/** One stream of events to a client, over one connection after another. */
export class ResumableStream {
  readonly number: number
  readonly #memory: Memory
  #connection: EventStream | undefined
  #lastSequence = 0
  /** The last event that went out on any connection. */
  #lastSent = 0
  #isOver = false

  constructor(number: number, memory: Memory) {
    this.number = number
    this.#memory = memory
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isConnected(): boolean {
    return this.#connection !== undefined
  }

  /** Sends a message, or keeps it until the client comes back. */
  send(json: string): void {
    const text = this.#encode(json)
    if (this.#connection?.send(text)) this.#lastSent = this.#lastSequence
  }

  /** Sends the last message. */
  finish(json: string): void {
    const text = this.#encodeLast(json)
    this.#connection?.end(text)
    this.#connection = undefined
  }

  /** The whole of a stream that has only one message, for a response in one piece. */
  encodeWhole(json: string, retryMs: number | undefined): string {
    return (retryMs === undefined ? '' : this.prime(retryMs)) + this.#encodeLast(json)
  }

  /**
   * From now on over this connection, after what was missed: what came after event `after`, or else all that never
   * went out. An earlier connection ends.
   */
  connect(connection: EventStream, after: number = this.#lastSent): void {
    this.#connection?.end()
    for (const { sequence, text } of this.#memory.after(after)) {
      if (!connection.send(text)) return
      this.#lastSent = Math.max(this.#lastSent, sequence)
    }
    if (this.#isOver) connection.end()
    else this.#connection = connection
  }

  /** An event without a message, with whose id a client can come back before any other has arrived. */
  prime(retryMs: number): string {
    return `id: ${this.number}-${this.#lastSent}\nretry: ${retryMs}\ndata: \n\n`
  }

  /** The connection is gone. */
  lose(connection: EventStream): void {
    if (this.#connection === connection) this.#connection = undefined
  }

  /** Ends the connection, not the stream: the client is to come back in a while. */
  pause(retryMs: number): void {
    this.#connection?.end(`retry: ${retryMs}\n\n`)
    this.#connection = undefined
  }

  disconnect(): void {
    this.#connection?.end()
    this.#connection = undefined
  }

  #encodeLast(json: string): string {
    const text = this.#encode(json)
    this.#isOver = true
    this.#memory.over()
    return text
  }

  #encode(json: string): string {
    const text = encodeEvent(json, `${this.number}-${++this.#lastSequence}`)
    this.#memory.keep(this.#lastSequence, text)
    return text
  }
}
