import { ParleyError, isSessionRevision, type Principal, type SessionRevision } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Call, GatewayTools, Scope } from './call.ts'
import { LegacySession } from './legacy-session.ts'
import { LIST_CHANGES, listChanges } from './listen.ts'
import { LEGACY } from './protocol.ts'
import type { McpHeaders } from './read-headers.ts'
import { EventBudget } from './session-streams.ts'
import { readClientCapabilities } from './to-client-revision.ts'

const SESSION_ID_BYTES = 24
const IDLE_MICROS = 30 * 60_000_000
/** Events that are kept for clients that come back, of all sessions together. */
const KEPT_BYTES = 64 * 1024 * 1024

/** The sessions of clients before 2026-07-28. */
export class LegacySessions {
  readonly #tools: GatewayTools
  readonly #budget = new EventBudget(KEPT_BYTES)
  #sessions = new Map<string, LegacySession>()

  constructor(tools: GatewayTools) {
    this.#tools = tools
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
    const session = this.#sessions.get(headers.sessionId)
    if (!session || session.owner.subject !== principal.subject || !sameScope(session.scope, scope)) {
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
    this.#evictIdle()
    const own = [...this.#sessions.values()].filter(({ owner }) => owner.subject === call.principal.subject)
    if (own.length >= this.#tools.limits.sessionsPerPrincipal) {
      throw new ParleyError('rate_limited', 'Too many open sessions; end one with DELETE.', {
        data: { retryAfterSeconds: 60 },
      })
    }
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
      hopTokens: this.#tools.hopTokens,
    })
    session.lastUsedMicros = this.#tools.clock.monotonicMicros()
    this.#sessions.set(session.id, session)
    const all = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
    session.onClose(
      this.#tools.registry.onChange((change) => {
        if (session.scope.kind === 'single' && session.scope.name !== change.server) return
        for (const method of listChanges(change, all)) session.push({ method })
      }),
    )
    session.onClose(
      this.#tools.consents.onAnswer((request) => {
        session.tellAnswered(request.id)
        if (request.grant !== session.owner.grant || request.state !== 'allowed') return
        for (const method of LIST_CHANGES) session.push({ method })
      }),
    )
    return session
  }

  async end(session: LegacySession): Promise<void> {
    if (this.#sessions.delete(session.id)) await session.close()
  }

  /** Ends those of callers that are meant. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const session of this.#sessions.values()) if (isMeant(session.owner)) void this.end(session)
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled([...this.#sessions.values()].map((session) => this.end(session)))
  }

  #evictIdle(): void {
    const before = this.#tools.clock.monotonicMicros() - IDLE_MICROS
    for (const session of this.#sessions.values()) {
      if (session.lastUsedMicros < before && !session.isStreaming && session.running.size === 0)
        void this.end(session)
    }
  }
}

/** The revision that the client asks for, or else the newest that has sessions (MCP, Lifecycle: Version Negotiation). */
function negotiate(asked: unknown): SessionRevision {
  return isSessionRevision(asked) ? asked : LEGACY
}

export function sameScope(one: Scope, other: Scope): boolean {
  return one.kind === 'merged' ? other.kind === 'merged' : other.kind === 'single' && one.name === other.name
}
