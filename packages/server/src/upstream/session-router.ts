import { ParleyError, knows, type SessionRevision } from '@parley/contract'
import {
  isMessageId,
  type JsonObject,
  type MessageId,
  type Outcome,
  type RequestMessage,
} from '../lib/json-rpc.ts'
import type { ExchangeEvents, ServerNotification } from './channel.ts'
import { metaOf } from './modern-notifications.ts'
import type { Report } from './report.ts'
import { toUpstreamAnswer, toUpstreamParams } from './to-upstream-revision.ts'

interface Pending {
  readonly events: ExchangeEvents
  readonly progressToken: MessageId | undefined
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
  /** Aborted when the exchange is over, so that nobody is asked on its behalf any more; made at the first question. */
  over: AbortController | undefined
}

/** Questions of one server that wait for an answer at the same time. */
const MAX_QUESTIONS = 100

/**
 * Keeps the exchanges of one session apart: gives each request an id and a progress token of its own, and finds for
 * everything that arrives the exchange it belongs to. What belongs to none goes to the session's own events.
 */
export class SessionRouter {
  /** From `initialize` on. */
  revision: SessionRevision | undefined
  readonly #pending = new Map<MessageId, Pending>()
  readonly #listeners = new Set<(notification: ServerNotification) => void>()
  readonly #questions = new Map<string, AbortController>()
  readonly #reply: (message: JsonObject) => void | Promise<void>
  readonly #report: Report
  #lastId = 0
  #sessionEvents: Partial<ExchangeEvents> = {}

  /** `reply` sends a response to the upstream. */
  constructor(reply: (message: JsonObject) => void | Promise<void>, report: Report) {
    this.#reply = reply
    this.#report = report
  }

  /** Whether the server may send several messages as one. */
  get takesBatches(): boolean {
    return this.revision !== undefined && knows(this.revision, 'batches')
  }

  get soleId(): MessageId | undefined {
    return this.#pending.size === 1 ? this.#pending.keys().next().value : undefined
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
    given: JsonObject | undefined,
    events: ExchangeEvents,
  ): { id: number; message: JsonObject; response: Promise<Outcome> } {
    const id = ++this.#lastId
    const params = this.revision === undefined ? given : toUpstreamParams(this.revision, method, given)
    const token = metaOf(params)['progressToken']
    const sent = isMessageId(token) ? { ...params, _meta: { ...metaOf(params), progressToken: id } } : params
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    // Whoever waits may have left already.
    promise.catch(() => undefined)
    this.#pending.set(id, {
      events,
      progressToken: isMessageId(token) ? token : undefined,
      resolve,
      reject,
      over: undefined,
    })
    const message = { jsonrpc: '2.0', id, method, ...(sent === undefined ? {} : { params: sent }) }
    return { id, message, response: promise }
  }

  /** Ends a request with an error for whoever waits. False when it was over already. */
  abandon(id: MessageId, error: unknown): boolean {
    const pending = this.#take(id)
    pending?.over?.abort(error)
    pending?.reject(error)
    return pending !== undefined
  }

  abandonAll(error: unknown): void {
    for (const id of this.#pending.keys()) this.abandon(id, error)
    for (const question of this.#questions.values()) question.abort(error)
  }

  response(id: MessageId, outcome: Outcome): void {
    const pending = this.#take(id)
    if (!pending) return this.#report('unexpected-response', 'it answers nothing that was asked')
    pending.over?.abort(new ParleyError('unavailable', 'The call has ended.'))
    pending.resolve(outcome)
  }

  /** `owner` is the request on whose own stream the notification came, when there is such a thing. */
  notification(notification: ServerNotification, owner?: MessageId): void {
    const { method, params } = notification
    if (method === 'notifications/progress') return this.#progress(notification)
    if (method === 'notifications/cancelled') {
      const question = this.#questions.get(JSON.stringify(params?.['requestId'] ?? null))
      return question?.abort(new ParleyError('unavailable', 'The server withdrew its question.'))
    }
    const pending = method === 'notifications/message' ? this.#ownerOf(owner) : undefined
    if (pending) return pending.events.notification(notification)
    for (const listener of this.#listeners) listener(notification)
    this.#sessionEvents.notification?.(notification)
  }

  /** A request of a legacy upstream: answered by the exchange it belongs to, or by the session's owner. */
  async request(request: RequestMessage, owner?: MessageId): Promise<void> {
    const { id, method } = request
    if (method === 'ping') return void this.#reply({ jsonrpc: '2.0', id, result: {} })
    const key = JSON.stringify(id)
    if (this.#questions.size >= MAX_QUESTIONS || this.#questions.has(key)) {
      this.#report('too-many-requests', method)
      return void this.#reply({
        jsonrpc: '2.0',
        id,
        error: { code: -32603, message: 'Too many requests at once.' },
      })
    }
    const pending = this.#ownerOf(owner)
    const ask = pending?.events.serverRequest.bind(pending.events) ?? this.#sessionEvents.serverRequest
    const withdrawn = new AbortController()
    this.#questions.set(key, withdrawn)
    const over = pending && (pending.over ??= new AbortController())
    const signal = over ? AbortSignal.any([withdrawn.signal, over.signal]) : withdrawn.signal
    try {
      const outcome = ask ? await ask(request, signal) : notFound(method)
      const known = this.revision === undefined ? outcome : toUpstreamAnswer(this.revision, method, outcome)
      if (!signal.aborted) void this.#reply({ jsonrpc: '2.0', id, ...known })
    } catch (error) {
      if (!signal.aborted)
        void this.#reply({ jsonrpc: '2.0', id, error: { code: -32603, message: publicWords(error) } })
    } finally {
      this.#questions.delete(key)
    }
  }

  #progress({ method, params }: ServerNotification): void {
    const pending = this.#pending.get(params?.['progressToken'] as MessageId)
    // Progress may cross with the response it belongs to, so late progress is no fault.
    if (pending?.progressToken === undefined) return
    pending.events.notification({ method, params: { ...params, progressToken: pending.progressToken } })
  }

  /** The exchange that something without an address belongs to: its stream's, or the only one there is. */
  #ownerOf(owner: MessageId | undefined): Pending | undefined {
    const id = owner ?? this.soleId
    return id === undefined ? undefined : this.#pending.get(id)
  }

  #take(id: MessageId): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }
}

function notFound(method: string): Outcome {
  return { error: { code: -32601, message: `Method not found: ${method.slice(0, 100)}` } }
}

function publicWords(error: unknown): string {
  return error instanceof ParleyError ? error.message : 'The question could not be answered.'
}
