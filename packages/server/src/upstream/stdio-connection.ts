import { ParleyError } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { isMessageId, isObject, type JsonObject, type Message, type Outcome } from '../lib/json-rpc.ts'
import type { ExchangeEvents } from './channel.ts'
import type { MessagePipe, PipeEvents } from './legacy-pipe-channel.ts'
import { toOutcome } from './modern-http-channel.ts'
import type { OrphanGuard } from './orphan-guard.ts'
import type { Report } from './report.ts'
import { SessionRouter } from './session-router.ts'
import { StdioChild, type StdioTarget } from './stdio-child.ts'

export interface StdioWire {
  readonly target: StdioTarget
  /** Of one message. */
  readonly limitBytes: number
  readonly clock: Clock
  readonly orphans: OrphanGuard
  readonly report: Report
  readonly onLog: (line: string) => void
}

/** Requests that a server may not be told to forget: it does not know of cancellation yet. */
const NEVER_CANCELLED: ReadonlySet<string> = new Set(['initialize', 'server/discover'])

/** One process with many exchanges on its pair of pipes. The era's own rules stand in the two channels over it. */
export class StdioConnection implements MessagePipe {
  readonly router: SessionRouter
  readonly report: Report
  events: PipeEvents = { notification() {}, request() {} }
  readonly #child: StdioChild
  readonly #over = new AbortController()
  #wasStopped = false

  /** @throws ParleyError when the process's environment cannot be resolved. */
  constructor(wire: StdioWire) {
    this.report = wire.report
    this.router = new SessionRouter((message) => this.send(message), wire.report)
    this.#child = new StdioChild({
      ...wire,
      isBatching: () => this.router.takesBatches,
      onMessage: (message) => this.#receive(message),
      onMalformed: (error, line) => this.#malformed(error, line),
      onEnd: (error) => this.#end(error),
    })
  }

  get closed(): boolean {
    return this.#over.signal.aborted
  }

  /** Aborted when the process has ended; its reason says why. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** True when the process was ended from here. */
  get wasStopped(): boolean {
    return this.#wasStopped
  }

  async exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome> {
    signal.throwIfAborted()
    this.#over.signal.throwIfAborted()
    const { id, message, response } = this.router.begin(method, params, events)
    const onAbort = () => this.cancel(id, signal.reason, !NEVER_CANCELLED.has(method))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      this.send(message)
      return await response
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Gives a request up, and says so to the server (MCP, Cancellation). */
  cancel(id: number, reason: unknown, tell = true): void {
    if (!this.router.abandon(id, reason) || !tell) return
    this.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
  }

  send(message: object): void {
    if (!this.closed) this.#child.send(message)
  }

  async close(): Promise<void> {
    this.#wasStopped ||= !this.closed
    this.#end(new ParleyError('upstream_unavailable', "The server's process was stopped."))
    await this.#child.stop()
  }

  #receive(received: Message): void {
    if (received.kind === 'response') this.router.response(received.message.id, toOutcome(received))
    else if (received.kind === 'notification') this.events.notification(received.message)
    else this.events.request(received.message)
  }

  /** Ends the one exchange that a spoiled line can have been meant for; others on the same pipe go on. */
  #malformed(error: ParleyError, line: Buffer): void {
    this.report('malformed-message', error.message)
    const id = readId(line) ?? this.router.soleId
    if (id !== undefined) this.router.abandon(id, error)
  }

  #end(error: ParleyError): void {
    if (this.closed) return
    this.#over.abort(error)
    this.router.abandonAll(error)
  }
}

/** Looks leniently for the id of a message that was refused by the strict reader. */
function readId(line: Buffer) {
  let value: unknown
  try {
    value = JSON.parse(line.toString('utf8'))
  } catch {
    // Not JSON at all.
    return undefined
  }
  const id = isObject(value) && value['method'] === undefined ? value['id'] : undefined
  return isMessageId(id) ? id : undefined
}
