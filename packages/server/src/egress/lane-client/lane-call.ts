import { toParleyError, type ParleyError } from '@parley/contract'
import type { LaneExchange, LaneReceiver } from './lane-client.ts'

export interface LaneRequest {
  /** The whole head. */
  readonly lines: string
  readonly body: Buffer
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
}

/** What carries a call: a connection, or the queue while it waits for one. */
export interface Carrier {
  drop(call: LaneCall): void
  pause(): void
  resume(): void
}

/** One exchange from its sender's side. Once it is over it touches nothing any more: its connection may be another's. */
export class LaneCall implements LaneExchange {
  readonly request: LaneRequest
  readonly receiver: LaneReceiver
  #carrier: Carrier | undefined
  #isPaused = false

  constructor(request: LaneRequest, receiver: LaneReceiver) {
    this.request = request
    this.receiver = receiver
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  carriedBy(carrier: Carrier): void {
    this.#carrier = carrier
    if (this.#isPaused) carrier.pause()
  }

  abort(): void {
    const carrier = this.#carrier
    this.#carrier = undefined
    carrier?.drop(this)
  }

  pause(): void {
    this.#isPaused = true
    this.#carrier?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#carrier?.resume()
  }

  /** It is over; the receiver hears so, and if it throws, hears that too. */
  end(): void {
    this.#carrier = undefined
    try {
      this.receiver.onEnd()
    } catch (error) {
      this.receiver.onError(toParleyError(error))
    }
  }

  fail(error: ParleyError): void {
    this.#carrier = undefined
    this.receiver.onError(error)
  }
}
