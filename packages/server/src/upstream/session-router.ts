import { ParleyError } from '@parley/contract'
import {
  isMessageId,
  type JsonObject,
  type MessageId,
  type Outcome,
  type RequestMessage,
} from '../lib/json-rpc.ts'
import type { ExchangeEvents, ServerNotification } from './channel.ts'

interface Pending {
  readonly events: ExchangeEvents
  readonly progressToken: MessageId | undefined
  readonly settle: (outcome: Outcome) => void
  readonly fail: (error: unknown) => void
  readonly abort: AbortController
  readonly wantsLogs: boolean
}

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'
const MAX_PENDING = 1000

/**
 * Keeps the exchanges of one shared wire apart: gives each request an id and a progress token of its own, and finds
 * for everything that arrives the exchange it belongs to. What belongs to none goes to the session's own events.
 */
export class SessionRouter {
  #pending = new Map<number, Pending>()
  #lastId = 0
  #sessionEvents: Partial<ExchangeEvents> = {}
  readonly #reply: (message: JsonObject) => void
  readonly #listeners = new Set<(notification: ServerNotification) => void>()
  readonly #modern: boolean
  #answering = new Map<string, AbortController>()

  /** `reply` sends a response to the upstream. */
  constructor(reply: (message: JsonObject) => void, modern: boolean) {
    this.#reply = reply
    this.#modern = modern
  }

  get pending(): number {
    return this.#pending.size
  }

  setSessionEvents(events: Partial<ExchangeEvents>): void {
    this.#sessionEvents = events
  }

  listen(listener: (notification: ServerNotification) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Registers a request; `message` is what goes on the wire. */
  begin(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
  ): { id: number; message: JsonObject; response: Promise<Outcome> } {
    if (this.#pending.size >= MAX_PENDING)
      throw new ParleyError('unavailable', 'Too many calls to this server at once; try again later.')
    const id = ++this.#lastId
    const meta = params?.['_meta'] as JsonObject | undefined
    const token = meta?.['progressToken']
    const sent = isMessageId(token) ? { ...params, _meta: { ...meta, progressToken: id } } : params
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    this.#pending.set(id, {
      events,
      progressToken: isMessageId(token) ? token : undefined,
      settle: resolve,
      fail: reject,
      abort: new AbortController(),
      wantsLogs: !this.#modern || meta?.[LOG_LEVEL] !== undefined,
    })
    return {
      id,
      message: { jsonrpc: '2.0', id, method, ...(sent === undefined ? {} : { params: sent }) },
      response: promise,
    }
  }

  /** Forgets a request, with an error for whoever waits. */
  abandon(id: number, error: unknown): void {
    const pending = this.#take(id)
    pending?.abort.abort(error)
    pending?.fail(error)
  }

  abandonAll(error: unknown): void {
    for (const id of this.#pending.keys()) this.abandon(id, error)
  }

  response(id: MessageId, outcome: Outcome): boolean {
    const pending = typeof id === 'number' ? this.#take(id) : undefined
    if (!pending) return false
    pending.abort.abort(new ParleyError('unavailable', 'The call has ended.'))
    pending.settle(outcome)
    return true
  }

  /** `owner` is the request on whose own stream the notification came, when there is such a thing. */
  notification(notification: ServerNotification, owner?: number): void {
    const { method, params } = notification
    if (method === 'notifications/progress') {
      const pending = this.#pending.get(params?.['progressToken'] as number)
      if (pending?.progressToken === undefined) return
      pending.events.notification({ method, params: { ...params, progressToken: pending.progressToken } })
      return
    }
    if (method === 'notifications/cancelled') {
      this.#answering
        .get(JSON.stringify(params?.['requestId'] ?? null))
        ?.abort(new ParleyError('unavailable', 'The server withdrew its question.'))
      return
    }
    const pending = method === 'notifications/message' ? this.#ownerOf(owner, true) : undefined
    if (pending) pending.events.notification(notification)
    else if (method !== 'notifications/message' || !this.#modern) {
      for (const listener of this.#listeners) listener(notification)
      this.#sessionEvents.notification?.(notification)
    }
  }

  /** A request of a legacy upstream: answered by the exchange it belongs to, or by the session's owner. */
  async request(request: RequestMessage, owner?: number): Promise<void> {
    if (request.method === 'ping') return this.#reply({ jsonrpc: '2.0', id: request.id, result: {} })
    const pending = this.#ownerOf(owner, false)
    const ask = pending?.events.serverRequest.bind(pending.events) ?? this.#sessionEvents.serverRequest
    const abort = new AbortController()
    const key = JSON.stringify(request.id)
    this.#answering.set(key, abort)
    const signal = pending ? AbortSignal.any([abort.signal, pending.abort.signal]) : abort.signal
    try {
      const outcome = ask
        ? await ask(request, signal)
        : { error: { code: -32601, message: `Method not found: ${request.method}` } }
      if (!signal.aborted) this.#reply({ jsonrpc: '2.0', id: request.id, ...outcome })
    } catch (error) {
      if (!signal.aborted) {
        const message = error instanceof ParleyError ? error.message : 'The question could not be answered.'
        this.#reply({ jsonrpc: '2.0', id: request.id, error: { code: -32603, message } })
      }
    } finally {
      this.#answering.delete(key)
    }
  }

  /** The exchange that something without an address belongs to: its stream's, or the only one there is. */
  #ownerOf(owner: number | undefined, forLogs: boolean): Pending | undefined {
    if (owner !== undefined) return this.#pending.get(owner)
    const candidates = [...this.#pending.values()].filter((pending) => !forLogs || pending.wantsLogs)
    return candidates.length === 1 ? candidates[0] : undefined
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }
}
