import { ParleyError, toParleyError } from '@parley/contract'
import { CredentialRefused, type Lane, type LaneExchange, type LaneReceiver } from '../upstream/index.ts'
import type { Call, GatewayTools } from './call.ts'
import { readAnswer } from './lane-answer.ts'
import { LaneEvents } from './lane-events.ts'
import { failCall, recordCall } from './record-call.ts'
import type { LaneCallOptions } from './lane-call.ts'
import type { Reply } from './reply.ts'
import type { StateBinding } from './request-state.ts'

/** A client that takes nothing for so long is cut: it would hold a place at the server. */
const STALL_MS = 30_000

/** Passes a server's answer on to the client: a whole body in one write, or an event stream as it comes. */
export class LaneReply implements LaneReceiver {
  readonly #tools: GatewayTools
  readonly #call: Call
  readonly #lane: Lane
  readonly #binding: StateBinding
  readonly #reply: Reply
  readonly #options: LaneCallOptions
  #exchange: LaneExchange | undefined
  #events: LaneEvents | undefined
  #isStalled = false
  #isDone = false

  constructor(tools: GatewayTools, call: Call, options: LaneCallOptions & { lane: Lane }) {
    this.#options = options
    this.#tools = tools
    this.#call = call
    this.#lane = options.lane
    this.#binding = options.binding
    this.#reply = options.reply
    call.res.once('close', () => this.#onClose())
  }

  follow(exchange: LaneExchange): void {
    this.#exchange = exchange
    if (this.#isDone && this.#events === undefined) exchange.abort()
  }

  onJson(body: Buffer): void {
    const answer = readAnswer(this.#tools, this.#call, this.#binding, body)
    this.#isDone = true
    const kept = recordCall(this.#tools, this.#call, answer.result)
    if (!kept) return this.#reply.finishWith(answer.json, answer.status)
    this.#after(kept, () => this.#reply.finishWith(answer.json, answer.status))
  }

  onStream(): void {
    this.#events = new LaneEvents(this.#call, {
      readAnswer: (body) => readAnswer(this.#tools, this.#call, this.#binding, body),
      report: (kind, what) => this.#lane.report(kind, what),
    })
    this.#reply.openStream()
  }

  onEvents(chunk: Buffer): void {
    if (this.#isDone) return
    const { passed, answer } = this.#events!.push(chunk)
    if (passed.length > 0) this.#exchange?.extend()
    if (!answer) return this.#pass(passed)
    this.#isDone = true
    this.#exchange?.finish()
    const finish = () => {
      this.#pass(passed)
      this.#reply.endStream()
    }
    const kept = recordCall(this.#tools, this.#call, answer.result)
    if (kept) this.#after(kept, finish)
    else finish()
  }

  onEnd(): void {
    throw new ParleyError('upstream_invalid', 'The server ended its answer without a response.')
  }

  onError(error: ParleyError): void {
    if (this.#isDone) return
    this.#isDone = true
    if (error instanceof CredentialRefused)
      return this.#options.onRefused(this.#tools, this.#call, this.#options, error)
    failCall(this.#tools, this.#call, error, this.#reply)
  }

  /** Under `activity: strict` no answer goes out before its record is on disk. */
  #after(kept: Promise<void>, answer: () => void): void {
    kept.then(answer, (error: unknown) => this.#reply.fail(toParleyError(error)))
  }

  /** The server is read no faster than the client reads. */
  #pass(parts: readonly (Buffer | string)[]): void {
    if (parts.length === 0 || this.#reply.pass(parts) || this.#isStalled) return
    this.#isStalled = true
    this.#exchange?.pause()
    const { res } = this.#call
    const timer = this.#tools.clock.setTimeout(() => res.destroy(), STALL_MS)
    res.once('drain', () => {
      this.#isStalled = false
      timer.cancel()
      this.#exchange?.resume()
    })
  }

  /** The server hears at once that nobody waits any more. */
  #onClose(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#exchange?.abort()
    failCall(
      this.#tools,
      this.#call,
      new ParleyError('upstream_unavailable', 'The caller went away.'),
      this.#reply,
    )
  }
}
