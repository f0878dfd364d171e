import type { Socket } from 'node:net'
import { ParleyError, toParleyError } from '@parley/contract'
import type { WriteBatch } from '../../lib/write-batch.ts'
import { toEgressError } from '../to-egress-error.ts'
import type { Carrier, LaneCall } from './lane-call.ts'
import { ResponseParser, type LaneHead, type ResponseSink } from './response-parser.ts'

export interface ConnectionOptions {
  readonly headLimitBytes: number
  readonly writes: WriteBatch
  /** Told when it can take the next call. */
  readonly onFree: (connection: LaneConnection) => void
  readonly onClose: (connection: LaneConnection) => void
}

/**
 * Up to here a request goes out as one string of single bytes, in one write with its head. What is larger is not copied
 * once more: a string of 100 KB is copied to V8's heap, by its collections, and for the socket.
 */
const ONE_WRITE_BYTES = 16_384
const KEEP_MS = 4000
const MAX_KEEP_MS = 60_000

/** One connection, one call at a time; after anything but a clean end it is destroyed. */
export class LaneConnection implements Carrier, ResponseSink {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #parser: ResponseParser
  #call: LaneCall | undefined
  #hasHead = false
  /** On the client's coarse clock, in milliseconds; 0 is never. */
  #deadlineMs = 0
  #nowMs = 0
  #isClosed = false

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#parser = new ResponseParser(options.headLimitBytes)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.fail(toEgressError(error)))
    socket.on('end', () => this.#onClosed())
    socket.on('close', () => this.#onClosed())
  }

  /** Begins a call; the connection must be free. */
  send(call: LaneCall, nowMs: number): void {
    const { lines, body, headersTimeoutMs } = call.request
    this.#call = call
    this.#hasHead = false
    this.#nowMs = nowMs
    this.#deadlineMs = headersTimeoutMs > 0 ? nowMs + headersTimeoutMs : 0
    this.#parser.begin(this)
    call.carriedBy(this)
    this.#options.writes.add(() => this.#write(lines, body))
  }

  /** Told the time now and then: ends a call that is over its limit, and a connection that is not used. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#deadlineMs === 0 || nowMs < this.#deadlineMs) return
    if (!this.#call) this.destroy()
    else if (this.#call.isPaused) this.#putOff()
    else this.fail(new ParleyError('upstream_timeout', 'The server did not answer in time.'))
  }

  onHead(head: LaneHead): void {
    this.#hasHead = true
    this.#putOff()
    this.#call?.receiver.onHead(head)
  }

  onData(chunk: Buffer): void {
    this.#call?.receiver.onData(chunk)
  }

  /** What comes after is dealt with when the chunk is read to its end: it must not meet the next call. */
  onEnd(): void {}

  drop(): void {
    this.#call = undefined
    this.destroy()
  }

  pause(): void {
    if (!this.#isClosed) this.#socket.pause()
  }

  resume(): void {
    if (this.#isClosed) return
    this.#putOff()
    this.#socket.resume()
  }

  /** Ends the connection, and its call with this error. */
  fail(error: ParleyError): void {
    const call = this.#call
    this.#call = undefined
    this.destroy()
    call?.fail(error)
  }

  destroy(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.destroy()
    this.#options.onClose(this)
  }

  /** A connection that is closed before the end of the turn sends nothing any more. */
  #write(lines: string, body: Buffer): void {
    if (this.#isClosed) return
    if (body.length <= ONE_WRITE_BYTES) {
      this.#socket.write(lines + body.toString('latin1'), 'latin1')
      return
    }
    this.#socket.cork()
    this.#socket.write(lines, 'latin1')
    this.#socket.write(body)
    this.#socket.uncork()
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return
    if (this.#hasHead) this.#putOff()
    try {
      const isClean = this.#parser.push(chunk)
      if (this.#parser.isDone) this.#finish(isClean && this.#parser.keepsAlive)
    } catch (error) {
      this.fail(toParleyError(error))
    }
  }

  /** Bytes that belong to no response could become part of the next one's: such a connection is not used again. */
  #finish(isReusable: boolean): void {
    const call = this.#call
    const keptMs = keepMs(this.#parser.keepAliveSeconds)
    this.#call = undefined
    if (!call || !isReusable || keptMs === 0) this.destroy()
    // Before the connection is another's: whatever its receiver does concerns this call alone.
    call?.end()
    if (this.#isClosed) return
    if (call?.isPaused) this.#socket.resume()
    this.#deadlineMs = this.#nowMs + keptMs
    this.#options.onFree(this)
  }

  #putOff(): void {
    const idleMs = this.#call?.request.idleTimeoutMs ?? 0
    if (this.#call) this.#deadlineMs = idleMs > 0 ? this.#nowMs + idleMs : 0
  }

  #onClosed(): void {
    if (this.#isClosed) return
    if (!this.#call) return this.destroy()
    try {
      this.#parser.close()
      this.#finish(false)
    } catch (error) {
      this.fail(toParleyError(error))
    }
  }
}

/** Less than the server keeps it, so that a request does not meet a connection that is being closed. */
function keepMs(hintSeconds: number | undefined): number {
  if (hintSeconds === undefined) return KEEP_MS
  return Math.max(0, Math.min(MAX_KEEP_MS, hintSeconds * 1000 - 1000))
}
