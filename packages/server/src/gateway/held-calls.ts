import { ParleyError, type Principal } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { isMessageId, isObject, type JsonObject, type Outcome, type RequestMessage } from '../lib/json-rpc.ts'
import type { NewId } from '../lib/random.ts'
import type { ExchangeEvents, ServerNotification } from '../upstream/index.ts'
import { clientMayBeAsked } from './input-requests.ts'
import { toModernQuestion } from './translate.ts'

const HOLD_MS = 5 * 60_000
/** Questions that an upstream asks at once are put to the client together. */
const GATHER_MS = 10
const MAX_HELD = 10_000
const MAX_QUESTIONS = 20

export type Round =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'input'; readonly inputRequests: JsonObject }

/** Who hears a round while it lasts. */
interface RoundHearer {
  readonly notify: (notification: ServerNotification) => void
  readonly ready: ExchangeEvents['ready']
  readonly progressToken: unknown
}

/**
 * A call to a legacy upstream that asks the client something while it runs, for a modern client who answers by
 * sending the request again (MCP 2026-07-28, MRTR). The upstream's call stays open inside the hub between the rounds.
 */
export class HeldCall {
  readonly id: string
  readonly owner: Principal
  readonly #capabilities: JsonObject
  readonly #clock: Clock
  readonly #abort = new AbortController()
  #questions = new Map<
    string,
    { request: RequestMessage; answer: (outcome: Outcome) => void; asked: boolean }
  >()
  #count = 0
  #settle: ((round: Round) => void) | undefined
  #fail: ((error: unknown) => void) | undefined
  #finished: { outcome: Outcome } | { error: unknown } | undefined
  #notify: (notification: ServerNotification) => void = () => {}
  #ready: ExchangeEvents['ready'] = () => undefined
  #askElsewhere: ((request: RequestMessage) => Promise<Outcome>) | undefined

  constructor(id: string, owner: Principal, capabilities: JsonObject, clock: Clock) {
    this.id = id
    this.owner = owner
    this.#capabilities = capabilities
    this.#clock = clock
  }

  /** Aborted when the call is given up. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Starts the upstream's call, which `signal` ends. */
  start(run: (events: ExchangeEvents) => Promise<Outcome>): void {
    const events: ExchangeEvents = {
      notification: (notification) => this.#notify(notification),
      serverRequest: (request) => this.#ask(request),
      ready: () => this.#ready?.(),
    }
    run(events).then(
      (outcome) => this.#finish({ outcome }),
      (error: unknown) => this.#finish({ error }),
    )
  }

  /**
   * The next thing the client must hear: questions, or the end. Rejects when the call failed. Progress is told under
   * `progressToken`, which is this round's own; without one it is not.
   */
  next({ notify, ready, progressToken }: RoundHearer): Promise<Round> {
    this.#ready = ready
    this.#notify = (notification) => {
      if (notification.method !== 'notifications/progress') notify(notification)
      else if (isMessageId(progressToken))
        notify({ ...notification, params: { ...notification.params, progressToken } })
    }
    return new Promise((resolve, reject) => {
      this.#settle = resolve
      this.#fail = reject
      if (this.#finished) this.#flushEnd()
      else if (this.#unanswered().length > 0) this.#flushQuestions()
    })
  }

  /**
   * From now on nobody is on the line: each question goes to `ask` by itself, those that wait already included. Resolves
   * with the end of the call.
   */
  handOver(
    ask: (request: RequestMessage) => Promise<Outcome>,
    notify: (notification: ServerNotification) => void,
  ): Promise<Outcome> {
    this.#notify = notify
    this.#ready = undefined
    this.#askElsewhere = ask
    for (const { request, answer } of this.#questions.values()) void ask(request).then(answer)
    this.#questions.clear()
    return new Promise((resolve, reject) => {
      // No round ends with questions any more.
      this.#settle = (round) => round.kind === 'done' && resolve(round.outcome)
      this.#fail = reject
      this.#flushEnd()
    })
  }

  /** Hands the client's answers to the upstream; answers to nothing that was asked are ignored. */
  answer(responses: unknown): void {
    if (!isObject(responses)) return
    for (const [key, question] of this.#questions) {
      const value = Object.hasOwn(responses, key) ? responses[key] : undefined
      if (!isObject(value)) continue
      this.#questions.delete(key)
      question.answer({ result: value })
    }
  }

  cancel(reason: unknown): void {
    this.#abort.abort(reason)
  }

  #ask(request: RequestMessage): Promise<Outcome> {
    if (this.#askElsewhere) return this.#askElsewhere(request)
    const refusal = clientMayBeAsked(request, this.#capabilities)
    if (refusal !== undefined || this.#questions.size >= MAX_QUESTIONS) {
      return Promise.resolve({ error: { code: -32601, message: refusal ?? 'Too many questions at once.' } })
    }
    return new Promise((resolve) => {
      this.#questions.set(`q${++this.#count}`, { request, answer: resolve, asked: false })
      this.#clock.setTimeout(() => this.#flushQuestions(), GATHER_MS)
    })
  }

  #unanswered() {
    return [...this.#questions].filter(([, question]) => question.request !== undefined)
  }

  #flushQuestions(): void {
    const open = this.#unanswered()
    if (!this.#settle || open.length === 0) return
    const inputRequests = Object.fromEntries(
      open.map(([key, { request }]) => [key, toModernQuestion(request)]),
    )
    this.#take()?.settle({ kind: 'input', inputRequests })
  }

  #finish(end: { outcome: Outcome } | { error: unknown }): void {
    this.#finished = end
    this.#flushEnd()
  }

  #flushEnd(): void {
    const end = this.#finished
    if (!end) return
    const waiting = this.#take()
    if (!waiting) return
    if ('outcome' in end) waiting.settle({ kind: 'done', outcome: end.outcome })
    else waiting.fail(end.error)
  }

  #take() {
    if (!this.#settle || !this.#fail) return undefined
    const waiting = { settle: this.#settle, fail: this.#fail }
    this.#settle = undefined
    this.#fail = undefined
    return waiting
  }
}

/** The calls that wait for a client's answer; each for five minutes at most. */
export class HeldCalls {
  readonly #clock: Clock
  readonly #newId: NewId
  #held = new Map<string, HeldCall>()

  constructor(clock: Clock, newId: NewId) {
    this.#clock = clock
    this.#newId = newId
  }

  create(owner: Principal, capabilities: JsonObject): HeldCall {
    if (this.#held.size >= MAX_HELD)
      throw new ParleyError('unavailable', 'Too many calls wait for an answer; try again later.')
    return new HeldCall(this.#newId('request'), owner, capabilities, this.#clock)
  }

  /** Keeps the call until it is taken up again. */
  keep(call: HeldCall): void {
    this.#held.set(call.id, call)
    this.#clock.setTimeout(() => {
      if (this.#held.delete(call.id))
        call.cancel(new ParleyError('upstream_timeout', 'Nobody answered in time.'))
    }, HOLD_MS)
  }

  takeUp(id: string): HeldCall {
    const call = this.#held.get(id)
    if (!call)
      throw new ParleyError(
        'invalid_params',
        'The call that asked this has ended; send the request again without requestState.',
      )
    this.#held.delete(id)
    return call
  }

  /** Ends those of callers that are meant. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const call of this.#held.values()) {
      if (!isMeant(call.owner)) continue
      this.#held.delete(call.id)
      call.cancel(new ParleyError('forbidden', 'The access of the caller has ended.'))
    }
  }

  close(): void {
    for (const call of this.#held.values())
      call.cancel(new ParleyError('unavailable', 'The hub is stopping.'))
    this.#held.clear()
  }
}
