import { ParleyError, type PersonId, type Principal, type SessionId } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import {
  authorizationUrl,
  checkCallback,
  exchangeCode,
  registerClient,
  startAuthorization,
  type BearerChallenge,
  type OAuthHttp,
} from '../oauth-client/index.ts'
import type { Store, Unit } from '../store/index.ts'
import type { Authorization } from '../oauth-client/index.ts'
import type { ConnectRequest, ConnectRequestStore } from './connect-request-store.ts'
import type { Vault } from '../vault/index.ts'
import { lifetimeOf, toGrant, toSecret, type Owner, type ServerRef } from './connection-grant.ts'
import type { OAuthClientStore } from './oauth-client-store.ts'
import { planConnection, type ConnectionPlan } from './plan-connection.ts'

export interface ConnectTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly requests: ConnectRequestStore
  readonly vault: Pick<Vault, 'of' | 'open' | 'save'>
  readonly clients: OAuthClientStore
  readonly httpFor: (server: ServerRef) => OAuthHttp
  readonly findServer: (id: string) => ServerRef | undefined
  /** Where authorization servers send people back to. */
  readonly redirectUri: () => string
  /** Where the hub's own metadata document is published, if it is. */
  readonly documentUrl: () => string | undefined
  readonly onConnected: (server: ServerRef, owner: Owner) => void
}

/** PX5: at most ten minutes, from the page to the way back. */
const LIFETIME_MS = 10 * 60_000
const MAX_OPEN = 20

export type ComeBack =
  | { readonly kind: 'connected'; readonly server: ServerRef }
  | { readonly kind: 'refused'; readonly error: string; readonly request: ConnectRequest }
  /** Of nobody, of somebody else, too late or twice: it changes nothing. */
  | { readonly kind: 'unknown' }

/** The way of a person to the authorization server of a server, and back with tokens. */
export class ConnectRequests {
  readonly #tools: ConnectTools
  readonly #listeners = new Set<(request: ConnectRequest) => void>()

  constructor(tools: ConnectTools) {
    this.#tools = tools
  }

  /** A request, or the open one for the same; throws `rate_limited` when too much is open. */
  async open(wish: {
    readonly person: PersonId
    readonly owner: Owner
    readonly app: Principal['app'] | undefined
    readonly server: ServerRef
    readonly challenge: BearerChallenge | undefined
  }): Promise<ConnectRequest> {
    const { store, clock, newId, requests } = this.#tools
    const { person, owner, server, challenge, app = null } = wish
    const now = clock.now()
    const known = requests.findOpen(person, server.id, owner, now)
    if (known && known.app === app && known.challenge?.scope === challenge?.scope) return known
    if (requests.openCount(person, now) >= MAX_OPEN)
      throw new ParleyError('rate_limited', 'Too many servers wait to be connected.', {
        data: { retryAfterSeconds: 60 },
      })
    const request: ConnectRequest = {
      id: newId('connect'),
      person,
      owner,
      app,
      server: server.id,
      challenge,
      state: 'open',
      session: null,
      createdAt: now,
      expiresAt: now + LIFETIME_MS,
    }
    const record = this.#record('connection.ask', request, server.name)
    await store.submit([requests.sweep(now), requests.insert(request), record])
    return request
  }

  stateOf(id: string): ConnectRequest['state'] | 'ended' {
    const request = this.#tools.requests.find(id)
    if (!request) return 'ended'
    const isOpen = request.state === 'open' || request.state === 'away'
    return isOpen && request.expiresAt <= this.#tools.clock.now() ? 'ended' : request.state
  }

  /** The request with its server, for its own person alone: another's is the same as none. */
  findFor(person: PersonId, id: string): { request: ConnectRequest; server: ServerRef } | undefined {
    const request = this.#tools.requests.find(id)
    if (request?.person !== person || this.stateOf(id) === 'ended') return undefined
    const server = this.#tools.findServer(request.server)
    return server && { request, server }
  }

  onAnswer(listener: (request: ConnectRequest) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  answered(id: string, signal: AbortSignal): Promise<void> {
    const state = this.stateOf(id)
    if ((state !== 'open' && state !== 'away' && state !== 'back') || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        stop()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const stop = this.onAnswer((request) => {
        if (request.id === id) done()
      })
      signal.addEventListener('abort', done, { once: true })
    })
  }

  /** What would be asked for, where, and as whom. */
  plan(request: ConnectRequest, server: ServerRef): Promise<ConnectionPlan> {
    const { vault, clients, httpFor, redirectUri, documentUrl, clock } = this.#tools
    const before = vault.of(server.id, request.owner)
    const secret = before?.kind === 'oauth' ? vault.open(before.id) : undefined
    const grant = secret && toGrant(secret)
    return planConnection({
      http: httpFor(server),
      server,
      challenge: request.challenge,
      previous: grant && { issuer: grant.server.issuer, scope: grant.asked },
      known: clients.ofServer(server.id),
      redirectUri: redirectUri(),
      documentUrl: documentUrl(),
      now: clock.now(),
    })
  }

  /** The person agreed (PX1): where they go. Nothing of the state exists before. */
  async leave(
    { request, server }: { request: ConnectRequest; server: ServerRef },
    plan: Extract<ConnectionPlan, { kind: 'ready' }>,
    session: SessionId,
  ): Promise<string> {
    const { store, clock, random, requests, clients, httpFor } = this.#tools
    const now = clock.now()
    const client =
      plan.client ?? (await registerClient(httpFor(server), plan.server, this.#tools.redirectUri()))
    const authorization = startAuthorization({ ...plan, client }, random)
    const unit: Unit = [
      requests.leave(request.id, { session, authorization, now, expiresAt: now + LIFETIME_MS }),
      ...(plan.client ? [] : [clients.put(server.id, client, now)]),
      this.#record('connection.leave', request, `${server.name} at ${plan.server.issuer}`),
    ]
    if ((await store.submit(unit)).kind === 'conflict') throw tooLate()
    return authorizationUrl(authorization)
  }

  async deny(request: ConnectRequest): Promise<void> {
    const { store, requests } = this.#tools
    const record = this.#record('connection.deny', request, request.server)
    const result = await store.submit([requests.settle(request.id, 'open', 'denied'), record])
    if (result.kind === 'conflict') throw tooLate()
    this.#tell(request, 'denied')
  }

  /** The way back, which only the browser that went away can go (PX6). */
  async comeBack(params: URLSearchParams, session: { id: SessionId; person: PersonId }): Promise<ComeBack> {
    const { store, requests, clock, findServer } = this.#tools
    const state = params.get('state') ?? ''
    const request = state === '' ? undefined : requests.findByState(state)
    const isOwn = request?.person === session.person && request.session === session.id
    const server = request && findServer(request.server)
    const authorization = request && requests.authorization(request.id)
    if (!isOwn || !server || !authorization) return { kind: 'unknown' }
    const spent = await store.submit([requests.comeBack(request.id, state, clock.now())])
    if (spent.kind === 'conflict') return { kind: 'unknown' }
    const checked = checkCallback(params, authorization)
    if (checked.kind === 'code') return this.#finish({ request, server, authorization }, checked.code)
    const error = checked.kind === 'refused' ? checked.error : `the answer is not genuine: ${checked.why}`
    return this.#fail(request, server, error)
  }

  async #finish(
    way: { request: ConnectRequest; server: ServerRef; authorization: Authorization },
    code: string,
  ): Promise<ComeBack> {
    const { request, server, authorization } = way
    const { httpFor, clock, store, requests, vault, clients } = this.#tools
    const outcome = await exchangeCode(httpFor(server), authorization, { code, now: clock.now() }).catch(
      async (error: unknown) => {
        await this.#fail(request, server, error instanceof ParleyError ? error.message : 'no tokens')
        throw error
      },
    )
    if (outcome.kind === 'refused') {
      if (outcome.error === 'invalid_client')
        await store.submit([clients.forget(server.id, authorization.client)])
      return this.#fail(request, server, outcome.error)
    }
    const { person, owner } = request
    const { client, resource, scope } = authorization
    const grant = { server: authorization.server, client, resource, tokens: outcome.tokens, asked: scope }
    const about = { server: server.id, person: owner, kind: 'oauth', issuer: grant.server.issuer } as const
    const kept = { ...about, account: null, secret: toSecret(grant), ...lifetimeOf(grant) }
    await vault.save(kept, { subject: person, person })
    const record = this.#record('connection.connect', request, `${server.name} at ${about.issuer}`)
    await store.submit([requests.settle(request.id, 'back', 'connected'), record])
    this.#tools.onConnected(server, owner)
    this.#tell(request, 'connected')
    return { kind: 'connected', server }
  }

  async #fail(request: ConnectRequest, server: ServerRef, error: string): Promise<ComeBack> {
    const { store, requests } = this.#tools
    const record = this.#record('connection.fail', request, `${server.name}: ${error}`, 'error')
    await store.submit([requests.settle(request.id, 'back', 'failed'), record])
    this.#tell(request, 'failed')
    return { kind: 'refused', error, request }
  }

  #tell(request: ConnectRequest, state: ConnectRequest['state']): void {
    for (const listener of this.#listeners) listener({ ...request, state })
  }

  #record(action: string, request: ConnectRequest, note: string, result: 'ok' | 'error' = 'ok') {
    const { person, app, owner } = request
    return this.#tools.activity.statement(
      recordOf(this.#tools, {
        action,
        subject: person,
        person,
        ...(app !== null && { app }),
        policies: ['builtin:connections'],
        result: result === 'ok' ? 'ok' : 'upstream_unavailable',
        note: owner === null ? `${note}, for everyone` : note,
      }),
    )
  }
}

function tooLate(): ParleyError {
  return new ParleyError('conflict', 'This request has been answered already, or is too old.')
}
