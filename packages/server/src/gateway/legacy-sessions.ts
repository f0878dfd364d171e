import {
  ParleyError,
  isSessionRevision,
  type ConnectionId,
  type Principal,
  type SessionRevision,
} from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { entryOf, type Call, type GatewayTools, type Scope } from './call.ts'
import { LegacySession } from './legacy-session.ts'
import { LIST_CHANGES, concerns, listChanges } from './listen.ts'
import { LEGACY } from './protocol.ts'
import type { McpHeaders } from './read-headers.ts'
import { EventBudget } from './session-streams.ts'
import { readClientCapabilities } from './to-client-revision.ts'
import type { TaskRuns } from './tasks/task-runs.ts'

const SESSION_ID_BYTES = 24
/** Beyond it no session of an earlier process is taken up any more. */
const MAX_ENDED = 10_000
const MAX_STREAM = 999_000_000
const IDLE_MICROS = 30 * 60_000_000
/** Events that are kept for clients that come back, of all sessions together. */
const KEPT_BYTES = 64 * 1024 * 1024

/** The sessions of clients before 2026-07-28. */
export class LegacySessions {
  readonly #tools: GatewayTools
  readonly #runs: TaskRuns
  readonly #budget = new EventBudget(KEPT_BYTES)
  #sessions = new Map<string, LegacySession>()
  /** Those of an earlier process that have ended in this one. */
  readonly #ended = new Set<string>()

  constructor(tools: GatewayTools, runs: TaskRuns) {
    this.#tools = tools
    this.#runs = runs
  }

  get size(): number {
    return this.#sessions.size
  }

  /**
   * The caller's own session at this endpoint. Another caller's id, another endpoint's and an unknown one are the same
   * `session_not_found`.
   */
  find(headers: McpHeaders, principal: Principal, scope: Scope): LegacySession {
    if (headers.repeated !== undefined)
      throw new ParleyError('invalid_request', `${headers.repeated} stands more than once.`)
    if (headers.sessionId === undefined) {
      throw new ParleyError(
        'invalid_request',
        'Mcp-Session-Id is missing: send `initialize` first, or speak protocol version 2026-07-28.',
      )
    }
    const known = this.#sessions.get(idOf(headers.sessionId))
    const session = known ?? this.#revive(headers.sessionId, principal, scope)
    if (
      !session ||
      session.told !== headers.sessionId ||
      session.owner.subject !== principal.subject ||
      !sameScope(session.scope, scope)
    ) {
      throw new ParleyError('session_not_found', 'There is no such session; send `initialize` to open one.')
    }
    // The header exists since 2025-06-18; without it, the version is what `initialize` settled (Protocol Version Header).
    if (headers.version !== undefined && headers.version !== session.revision) {
      throw new ParleyError(
        'unsupported_version',
        `This session speaks ${session.revision}, not ${headers.version.slice(0, 40)}.`,
      )
    }
    this.use(session, principal)
    return session
  }

  /** Notes that the session's caller was heard of. */
  use(session: LegacySession, principal: Principal): void {
    session.lastUsedMicros = this.#tools.clock.monotonicMicros()
    session.owner = principal
  }

  open(call: Call): LegacySession {
    this.#makeRoom(call.principal)
    const params = call.envelope.value('params') as JsonObject
    const revision = negotiate(params['protocolVersion'])
    const declared = isObject(params['capabilities']) ? params['capabilities'] : {}
    const session = new LegacySession({
      id: Buffer.from(this.#tools.random.bytes(SESSION_ID_BYTES)).toString('base64url'),
      owner: call.principal,
      scope: call.scope,
      revision,
      capabilities: readClientCapabilities(revision, declared),
      clientInfo: isObject(params['clientInfo']) ? params['clientInfo'] : { name: 'unnamed', version: '0' },
      budget: this.#budget,
      sources: this.#tools,
      runs: this.#runs,
    })
    this.#add(session)
    return session
  }

  /** The id as the client is told it: with a seal where the session can be taken up after a restart. */
  async idFor(session: LegacySession): Promise<string> {
    session.sealed = await this.#seal(session)
    return session.told
  }

  /**
   * A session needs nothing of this process where its server's does not: with a stateless server, with one that holds the
   * session itself, and at the endpoint of all servers, whose sessions with them are opened as they are needed.
   */
  async #seal(session: LegacySession): Promise<string | undefined> {
    const { id, owner, scope, revision, capabilities, clientInfo } = session
    const entry = entryOf(this.#tools, scope)
    const channel = entry && (await session.channel(entry))
    const { resumption } = channel ?? {}
    const address = entry?.upstream.address
    if (channel?.info.era === LEGACY && (resumption === undefined || address === undefined)) return undefined
    const connection = entry && session.connectionTo(entry)
    const upstream = resumption && address !== undefined ? { address, connection, resumption } : undefined
    const { subject } = owner
    return this.#tools.sessionSeals.seal({
      id,
      subject,
      scope,
      revision,
      capabilities,
      clientInfo,
      upstream,
      taskOffer: session.taskOffer,
    })
  }

  #revive(sessionId: string, principal: Principal, scope: Scope): LegacySession | undefined {
    const id = idOf(sessionId)
    if (id === sessionId || this.#ended.has(id) || this.#ended.size >= MAX_ENDED) return undefined
    const sealed = this.#tools.sessionSeals.open(id, sessionId.slice(id.length + 1))
    if (!sealed || sealed.subject !== principal.subject || !sameScope(sealed.scope, scope)) return undefined
    const { upstream } = sealed
    // A session with a server is for the address that it was opened at, and no other.
    if (upstream && entryOf(this.#tools, scope)?.upstream.address !== upstream.address) return undefined
    this.#makeRoom(principal)
    const session = new LegacySession({
      ...sealed,
      owner: principal,
      scope,
      budget: this.#budget,
      sources: this.#tools,
      runs: this.#runs,
      revived: {
        firstStream: Math.floor(this.#tools.clock.now() / 1000) % MAX_STREAM,
        upstream,
        taskOffer: sealed.taskOffer,
      },
    })
    session.sealed = sessionId.slice(id.length + 1)
    this.#add(session)
    return session
  }

  #makeRoom({ subject }: Principal): void {
    this.#evictIdle()
    const own = [...this.#sessions.values()].filter(({ owner }) => owner.subject === subject)
    if (own.length < this.#tools.limits.sessionsPerPrincipal) return
    throw new ParleyError('rate_limited', 'Too many open sessions; end one with DELETE.', {
      data: { retryAfterSeconds: 60 },
    })
  }

  #add(session: LegacySession): void {
    this.use(session, session.owner)
    this.#sessions.set(session.id, session)
    const all = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
    session.onClose(
      this.#tools.registry.onChange((change) => {
        if (!concerns(this.#tools, session.scope, change)) return
        for (const method of listChanges(change, all)) session.push({ method })
      }),
    )
    session.onClose(
      this.#tools.bundles.onChange((name) => {
        if (session.scope.kind !== 'merged' || session.scope.bundle !== name) return
        for (const method of LIST_CHANGES) session.push({ method })
      }),
    )
    session.onClose(
      this.#tools.consents.onAnswer((request) => {
        session.tellAnswered(request.id)
        if (request.grant !== session.owner.grant || request.state !== 'allowed') return
        for (const method of LIST_CHANGES) session.push({ method })
      }),
    )
    session.onClose(this.#tools.connect.onAnswer((request) => session.tellAnswered(request.id)))
  }

  async end(session: LegacySession): Promise<void> {
    if (!this.#sessions.delete(session.id)) return
    if (session.isRevived) this.#ended.add(session.id)
    await session.close()
  }

  /** Ends those of callers that are meant. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const session of this.#sessions.values()) if (isMeant(session.owner)) void this.end(session)
  }

  /** Ends what was opened with a connection that has ended. */
  dropConnection(id: ConnectionId): void {
    for (const session of this.#sessions.values()) session.dropConnection(id)
  }

  async closeAll(): Promise<void> {
    const open = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.allSettled(
      open.map((session) => session.close({ isRevivable: session.sealed !== undefined })),
    )
  }

  #evictIdle(): void {
    const before = this.#tools.clock.monotonicMicros() - IDLE_MICROS
    for (const session of this.#sessions.values()) {
      if (session.lastUsedMicros < before && !session.isStreaming && session.running.size === 0)
        void this.end(session)
    }
  }
}

/** The part that names the session; the rest is its seal. */
function idOf(sessionId: string): string {
  const at = sessionId.indexOf('.')
  return at < 0 ? sessionId : sessionId.slice(0, at)
}

/** The revision that the client asks for, or else the newest that has sessions (MCP, Lifecycle: Version Negotiation). */
function negotiate(asked: unknown): SessionRevision {
  return isSessionRevision(asked) ? asked : LEGACY
}

export function sameScope(one: Scope, other: Scope): boolean {
  if (one.kind === 'merged')
    return other.kind === 'merged' && one.bundle === other.bundle && one.search === other.search
  return other.kind === 'single' && one.name === other.name
}
