import {
  ParleyError,
  type CapabilityName,
  type ConsentId,
  type PersonId,
  type Principal,
} from '@parley/contract'
import type { Activity } from '../../activity/index.ts'
import type { Grants } from '../../grants/index.ts'
import type { Clock } from '../../lib/clock.ts'
import type { NewId } from '../../lib/random.ts'
import type { Statement, Store } from '../../store/index.ts'
import { ConsentRequestStore, type ConsentRequest } from './consent-request-store.ts'

/** Consent just in time: a call that the grant does not cover, and its person may allow. */
export interface ConsentRequests {
  /**
   * Asks the person behind the call, or finds what was asked already; undefined when nobody stands behind it. Throws
   * `rate_limited` when too much is open.
   */
  ask(principal: Principal, missing: readonly CapabilityName[]): Promise<ConsentRequest | undefined>
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
  answer(person: PersonId, id: string, isAllowed: boolean): Promise<void>
}

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
  const { store, grants, clock, newId } = tools
  const rows = new ConsentRequestStore(store)
  const listeners = new Set<(request: ConsentRequest) => void>()

  function onAnswer(listener: (request: ConsentRequest) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  function stateOf(id: string): ConsentRequest['state'] | 'ended' {
    const request = rows.find(id)
    if (!request || (request.state === 'open' && request.expiresAt <= clock.now())) return 'ended'
    return request.state
  }

  function findFor(person: PersonId, id: string): ConsentRequest | undefined {
    const request = rows.find(id)
    return request?.person === person && stateOf(id) !== 'ended' ? request : undefined
  }

  async function ask(
    principal: Principal,
    missing: readonly CapabilityName[],
  ): Promise<ConsentRequest | undefined> {
    const { grant, person, app } = principal
    if (grant === undefined || person === undefined) return undefined
    const capabilities = [...new Set(missing)].sort()
    const now = clock.now()
    const known = rows.findOpen(grant, capabilities, now)
    if (known) return known
    if (rows.openCount(grant, now) >= MAX_OPEN_PER_GRANT)
      throw new ParleyError('rate_limited', 'Too many requests for consent wait for an answer.', {
        data: { retryAfterSeconds: 60 },
      })
    const request: ConsentRequest = {
      id: newId('consent'),
      grant,
      person,
      app: app ?? null,
      capabilities,
      state: 'open',
      createdAt: now,
      expiresAt: now + CONSENT_LIFETIME_MS,
    }
    const record = recordOf(tools, 'consent.ask', request)
    const result = await store.submit([...rows.sweep(grant, now), rows.insert(request), record])
    if (result.kind === 'done') return request
    // The same was asked at the same moment.
    return rows.findOpen(grant, capabilities, now)
  }

  async function answer(person: PersonId, id: string, isAllowed: boolean): Promise<void> {
    const request = findFor(person, id)
    if (!request) throw new ParleyError('not_found', 'There is no such request.')
    if (request.state !== 'open') throw answeredAlready()
    if (isAllowed) await widen(grants, request)
    const state = isAllowed ? 'allowed' : 'denied'
    const record = recordOf(tools, isAllowed ? 'consent.allow' : 'consent.deny', request)
    const result = await store.submit([rows.settle(request.id, state, clock.now()), record])
    if (result.kind === 'conflict') throw answeredAlready()
    for (const listener of listeners) listener({ ...request, state })
  }

  return {
    ask,
    stateOf,
    onAnswer,
    findFor,
    answer,
    urlOf: (request) => `${tools.origin()}/consent/${request.id}`,
    answered(id, signal) {
      if (stateOf(id) !== 'open' || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          stop()
          signal.removeEventListener('abort', done)
          resolve()
        }
        const stop = onAnswer((request) => {
          if (request.id === (id as ConsentId)) done()
        })
        signal.addEventListener('abort', done, { once: true })
      })
    },
  }
}

/** The grant gets the capabilities that were asked for, and no others. */
async function widen(grants: ConsentRequestTools['grants'], request: ConsentRequest): Promise<void> {
  const grant = grants.find(request.grant)
  if (grant?.state !== 'active')
    throw new ParleyError('conflict', 'The access of this app has ended meanwhile.')
  const isThere = (name: string) =>
    grant.terms.capabilities.some((rule) => rule.capability === name && rule.where === undefined)
  const added = request.capabilities.filter((name) => !isThere(name)).map((capability) => ({ capability }))
  if (added.length === 0) return
  const capabilities = [...grant.terms.capabilities, ...added]
  if (capabilities.length > MAX_RULES)
    throw new ParleyError(
      'conflict',
      'This app has as many permissions as one can have; take some away first.',
    )
  await grants.changeTerms(grant.id, { ...grant.terms, capabilities }, request.person)
}

function answeredAlready(): ParleyError {
  return new ParleyError('conflict', 'This request has been answered already, or is too old.')
}

function recordOf(tools: ConsentRequestTools, action: string, request: ConsentRequest): Statement {
  const { grant, person, app, capabilities } = request
  return tools.activity.statement({
    at: tools.clock.now(),
    face: 'hub',
    action,
    requestId: tools.newId('request'),
    subject: action === 'consent.ask' ? grant : person,
    person,
    ...(app !== null && { app }),
    grant,
    chain: [],
    decision: action === 'consent.ask' ? 'consent' : 'allow',
    policies: ['builtin:just-in-time'],
    policyVersion: 1,
    catalogVersion: 0,
    peopleVersion: 0,
    result: 'ok',
    latencyMicros: 0,
    note: capabilities.join(', '),
  })
}
