import { isDeepStrictEqual } from 'node:util'
import {
  ParleyError,
  type CapabilityName,
  type CapabilityRule,
  type ConsentId,
  type GrantTerms,
  type PersonId,
  type Principal,
} from '@parley/contract'
import { recordOf, type Activity } from '../../activity/index.ts'
import type { Grants } from '../../grants/index.ts'
import type { Clock } from '../../lib/clock.ts'
import type { NewId } from '../../lib/random.ts'
import type { Statement, Store } from '../../store/index.ts'
import { ruleForCall } from './rule-for-call.ts'
import { ConsentRequestStore, type ConsentRequest } from './consent-request-store.ts'

/** Consent just in time: a call that the grant does not cover, and its person may allow. */
export interface ConsentRequests {
  /**
   * Asks the person behind the call, or finds what was asked already; undefined when nobody stands behind it. Throws
   * `rate_limited` when too much is open.
   */
  ask(
    principal: Principal,
    missing: readonly CapabilityName[],
    args: unknown,
  ): Promise<ConsentRequest | undefined>
  /** `ended`: expired, or never there. */
  stateOf(id: string): ConsentRequest['state'] | 'ended'
  /** Resolves when the request was answered, or at the signal. */
  answered(id: string, signal: AbortSignal): Promise<void>
  /** Hears of each answer; returns what ends the listening. */
  onAnswer(listener: (request: ConsentRequest) => void): () => void
  /** Where the person answers. Holds nothing that lets anybody in (MCP, Safe URL Handling). */
  urlOf(request: ConsentRequest): string
  /** The request, for its own person alone: another's is the same as none. */
  findFor(person: PersonId, id: string): ConsentRequest | undefined
  /** The person's answer. Throws `not_found` for what is not theirs, and `conflict` for what is no longer open. */
  answer(person: PersonId, id: string, choice: ConsentAnswer): Promise<void>
}

/** `allow-any`: also for other arguments than those of the call that asked. */
export type ConsentAnswer = 'allow' | 'allow-any' | 'deny'

export const CONSENT_LIFETIME_MS = 10 * 60_000
const MAX_OPEN_PER_GRANT = 20
const MAX_RULES = 1000

export interface ConsentRequestTools {
  readonly store: Store
  readonly activity: Activity
  readonly grants: Pick<Grants, 'find' | 'changeTerms'>
  readonly clock: Clock
  readonly newId: NewId
  readonly origin: () => string
}

export function createConsentRequests(tools: ConsentRequestTools): ConsentRequests {
  return new StoredConsentRequests(tools)
}

class StoredConsentRequests implements ConsentRequests {
  readonly #tools: ConsentRequestTools
  readonly #rows: ConsentRequestStore
  readonly #listeners = new Set<(request: ConsentRequest) => void>()

  constructor(tools: ConsentRequestTools) {
    this.#tools = tools
    this.#rows = new ConsentRequestStore(tools.store)
  }

  async ask(
    principal: Principal,
    missing: readonly CapabilityName[],
    args: unknown,
  ): Promise<ConsentRequest | undefined> {
    const { store, clock, newId, grants } = this.#tools
    const { grant, person, app = null } = principal
    const held = grant && grants.find(grant)
    if (!held || person === undefined) return undefined
    const rules = [...new Set(missing)].sort().map((capability) => ruleForCall(capability, args, held))
    const now = clock.now()
    const known = this.#rows.findOpen(grant, rules, now)
    if (known) return known
    if (this.#rows.openCount(grant, now) >= MAX_OPEN_PER_GRANT)
      throw new ParleyError('rate_limited', 'Too many requests for consent wait for an answer.', {
        data: { retryAfterSeconds: 60 },
      })
    const times = { createdAt: now, expiresAt: now + CONSENT_LIFETIME_MS }
    const id = newId('consent')
    const request: ConsentRequest = { id, grant, person, app, rules, state: 'open', ...times }
    const record = statementOf(this.#tools, 'consent.ask', request)
    const unit = [...this.#rows.sweep(grant, now), this.#rows.insert(request), record]
    const result = await store.submit(unit)
    // In a conflict the same was asked at the same moment.
    return result.kind === 'done' ? request : this.#rows.findOpen(grant, rules, now)
  }

  stateOf(id: string): ConsentRequest['state'] | 'ended' {
    const request = this.#rows.find(id)
    if (!request || (request.state === 'open' && request.expiresAt <= this.#tools.clock.now())) return 'ended'
    return request.state
  }

  findFor(person: PersonId, id: string): ConsentRequest | undefined {
    const request = this.#rows.find(id)
    return request?.person === person && this.stateOf(id) !== 'ended' ? request : undefined
  }

  async answer(person: PersonId, id: string, choice: ConsentAnswer): Promise<void> {
    const found = this.findFor(person, id)
    const request = found && (choice === 'allow-any' ? withoutConditions(found) : found)
    if (!request) throw new ParleyError('not_found', 'There is no such request.')
    if (request.state !== 'open') throw answeredAlready()
    const state = choice === 'deny' ? 'denied' : 'allowed'
    await this.#settle(request, state)
    for (const listener of this.#listeners) listener({ ...request, state })
  }

  /** The answer and what it changes are one unit: of two answers at once, the other one changes nothing. */
  async #settle(request: ConsentRequest, state: 'allowed' | 'denied'): Promise<void> {
    const { store, grants, clock } = this.#tools
    const record = statementOf(this.#tools, state === 'allowed' ? 'consent.allow' : 'consent.deny', request)
    const unit = [this.#rows.settle(request.id, state, clock.now()), record]
    const wider = state === 'allowed' ? widen(grants, request) : undefined
    if (wider) {
      await grants.changeTerms(request.grant, wider, request.person, unit)
    } else if ((await store.submit(unit)).kind === 'conflict') {
      throw answeredAlready()
    }
  }

  onAnswer(listener: (request: ConsentRequest) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  answered(id: string, signal: AbortSignal): Promise<void> {
    if (this.stateOf(id) !== 'open' || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        stop()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const stop = this.onAnswer((request) => {
        if (request.id === (id as ConsentId)) done()
      })
      signal.addEventListener('abort', done, { once: true })
    })
  }

  urlOf(request: ConsentRequest): string {
    return `${this.#tools.origin()}/consent/${request.id}`
  }
}

/** The terms with the capabilities that were asked for, and no others; undefined when they have them all. */
function widen(grants: ConsentRequestTools['grants'], request: ConsentRequest): GrantTerms | undefined {
  const grant = grants.find(request.grant)
  if (grant?.state !== 'active')
    throw new ParleyError('conflict', 'The access of this app has ended meanwhile.')
  const isThere = (wanted: CapabilityRule) =>
    grant.terms.capabilities.some((rule) => isDeepStrictEqual(rule, wanted))
  const added = request.rules.filter((rule) => !isThere(rule))
  if (added.length === 0) return undefined
  const capabilities = [...grant.terms.capabilities, ...added]
  if (capabilities.length > MAX_RULES)
    throw new ParleyError(
      'conflict',
      'This app has as many permissions as one can have; take some away first.',
    )
  return { ...grant.terms, capabilities }
}

function withoutConditions(request: ConsentRequest): ConsentRequest {
  return { ...request, rules: request.rules.map(({ capability }) => ({ capability })) }
}

function answeredAlready(): ParleyError {
  return new ParleyError('conflict', 'This request has been answered already, or is too old.')
}

function statementOf(tools: ConsentRequestTools, action: string, request: ConsentRequest): Statement {
  const { grant, person, app, rules } = request
  const isAsked = action === 'consent.ask'
  return tools.activity.statement(
    recordOf(tools, {
      action,
      subject: isAsked ? grant : person,
      person,
      ...(app !== null && { app }),
      grant,
      decision: isAsked ? 'consent' : 'allow',
      policies: ['builtin:just-in-time'],
      // Values of arguments stay out of the record.
      note: rules.map(({ capability, where }) => (where ? `${capability} as called` : capability)).join(', '),
    }),
  )
}
