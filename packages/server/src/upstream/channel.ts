import type { Revision, SessionRevision } from '@parley/contract'
import type { Lane } from './lane.ts'
import type { JsonObject, Outcome, RequestMessage } from '../lib/json-rpc.ts'

/**
 * The two ways of speaking MCP, each by its newest revision: stateless with per-request metadata, or sessions opened by
 * `initialize`.
 */
export type Era = '2026-07-28' | '2025-11-25'

/** What an upstream says of itself in `server/discover` or `initialize`; self-reported, never trusted. */
export interface UpstreamInfo {
  readonly era: Era
  /** The revision that was settled on with it. */
  readonly revision: Revision
  /** How an HTTP server is spoken with; undefined for Streamable HTTP and for processes. */
  readonly isHttpSse?: boolean
  readonly capabilities: JsonObject
  readonly serverInfo: JsonObject | undefined
  readonly instructions: string | undefined
  /** The modern `DiscoverResult` as it came; undefined for a legacy upstream. */
  readonly discover: JsonObject | undefined
  /** The legacy `InitializeResult` as it came; undefined for a modern upstream. */
  readonly initialize: JsonObject | undefined
}

export interface ServerNotification {
  readonly method: string
  readonly params?: JsonObject
}

/** What may arrive while a request is under way. */
export interface ExchangeEvents {
  /** Progress and log messages that belong to this request, in order. Progress carries the caller's own token. */
  notification(notification: ServerNotification): void
  /**
   * A request from a legacy upstream (sampling, elicitation, roots) that belongs to this exchange. The answer goes
   * back to the upstream. Its `id` is the upstream's own, opaque. Never called for a modern upstream.
   */
  serverRequest(request: RequestMessage, signal: AbortSignal): Promise<Outcome>
  /**
   * A legacy upstream closed the connection before its answer, which it will have ready when it is come back to after
   * `retryMs` (MCP 2025-11-25, Sending Messages to the Server). The channel comes back by itself.
   */
  paused?(retryMs: number): void
  /**
   * A promise while whoever hears this does not keep up: a stream that is this exchange's alone is read on once it resolves.
   * What many share (a process, a session's own stream) is read on for the others.
   */
  ready?(): Promise<void> | undefined
  /** How long the answer may take when nobody waits on the line for it, instead of the server's usual limits. */
  readonly patienceMs?: number
}

/** The notification types of `subscriptions/listen` (MCP 2026-07-28, Subscriptions). */
export interface SubscriptionFilter {
  readonly toolsListChanged?: boolean
  readonly promptsListChanged?: boolean
  readonly resourcesListChanged?: boolean
  readonly resourceSubscriptions?: readonly string[]
}

export interface Subscription {
  /** The part of the filter that the upstream honours. */
  readonly acknowledged: SubscriptionFilter
  /** Resolves when the upstream or `close` ends the subscription, or the connection is lost; never rejects. */
  readonly ended: Promise<'graceful' | 'lost'>
  close(): void
}

/**
 * One conversation with an upstream, at the level of messages. Five implementations, one contract suite: {modern,
 * legacy} × {Streamable HTTP, stdio}, and HTTP+SSE. A modern channel is stateless and shared by all; a legacy channel is
 * one `initialize`d session and belongs to one owner at a time.
 */
export interface Channel {
  readonly info: UpstreamInfo
  /** What takes this session up again from another process; undefined where nothing can. */
  readonly resumption?: SessionResumption | undefined
  /** True once the session or process is gone; `exchange` then fails with `upstream_unavailable`. */
  readonly closed: boolean
  /**
   * Sends a request and resolves with its result or error, exactly as the upstream sent them. The channel gives the
   * wire its own `id` and, where the wire is shared, its own progress token; `params._meta` is otherwise sent as it is.
   * Rejects with ParleyError `upstream_unavailable`, `upstream_timeout` or `upstream_invalid`. Aborting the signal
   * cancels in the upstream's own way (closing the stream, or `notifications/cancelled`) and rejects with its reason.
   */
  exchange(
    method: string,
    params: JsonObject | undefined,
    events: ExchangeEvents,
    signal: AbortSignal,
  ): Promise<Outcome>
  /** Sends a notification; resolves when it is handed to the transport. */
  notify(method: string, params: JsonObject | undefined): Promise<void>
  /**
   * Change notifications. Modern: a `subscriptions/listen` stream. Legacy: `resources/subscribe` per URI, and the
   * session's unsolicited notifications filtered by type. Several subscriptions may be open at once.
   */
  subscribe(
    filter: SubscriptionFilter,
    onNotification: (notification: ServerNotification) => void,
    signal: AbortSignal,
  ): Promise<Subscription>
  /**
   * Everything a legacy session sends outside any exchange: notifications and requests. Used by the face of a legacy
   * client, whose session this is. Resolves when the upstream can be heard, never rejects. No effect on a modern
   * channel.
   */
  setSessionEvents(events: Partial<ExchangeEvents>): Promise<void>
  /** Ends the session (HTTP DELETE) or the process if nobody else uses it. */
  close(): Promise<void>
  /** What the server calls the session; undefined where there is none, or none that could be taken up again. */
  readonly sessionId?: string | undefined
  /** Closes without telling the server, who keeps the session for whoever takes it up again. */
  abandon?(): void
}

/** A session of Streamable HTTP that is open at its server; a server that keeps no sessions gives it no id. */
export interface SessionResumption {
  readonly revision: SessionRevision
  readonly sessionId: string | undefined
}

/** The headers that a request carries so that the server lets it in, by lower-case names; asked for at every request. */
export type Credential = () => Readonly<Record<string, string>>

/** How a legacy channel is opened: the client capabilities and identity that its `initialize` declares. */
export interface SessionTerms {
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
  /** In whose name the session speaks; the hub's own without it. */
  readonly credential?: Credential | undefined
  /** Takes this session up instead of opening one. */
  readonly resumption?: SessionResumption | undefined
  /** A session of an earlier time to take up, instead of opening one; the server may have ended it. */
  readonly sessionId?: string | undefined
}

/** How a server stands, as its exchanges show it. */
export interface UpstreamHealth {
  /** `unreachable`: no answer at all. `failing`: answers that are late or cannot be used. */
  readonly state: 'connecting' | 'ready' | 'unreachable' | 'failing'
  /** The public words of the last failure; undefined once something has succeeded after it. */
  readonly lastError: string | undefined
  /** When it last answered, in milliseconds since the epoch. */
  readonly lastSeenAt: number | undefined
}

/** One registered server as it is reached: detection, channels, lane and health. */
export interface Upstream {
  readonly name: string
  readonly transport: 'http' | 'stdio' | 'openapi'
  /** The server's URL, when it trusts the tokens of this hub: what they must be issued for. */
  readonly hopAudience: string | undefined
  /** Where sessions with it are held, as a digest: one of theirs is for no other address. Undefined for a process. */
  readonly address: string | undefined
  /**
   * What the upstream is, detected once and cached (modern first: a modern request or `server/discover`, then
   * `initialize`); detected again after it was lost. Rejects with `upstream_unavailable` or `upstream_timeout`.
   */
  info(): Promise<UpstreamInfo>
  /**
   * The stateless channel of a modern upstream: shared by all, or one that speaks in a caller's name. Rejects with
   * `upstream_invalid` for a legacy one.
   */
  modern(credential?: Credential): Promise<Channel>
  /**
   * A legacy session of its own for one owner: a legacy client's session, the registry's reader, or a lease.
   * At most `limits.sessionsPerServer` at a time; beyond it, `unavailable`.
   */
  openSession(terms: SessionTerms, signal: AbortSignal): Promise<Channel>
  health(): UpstreamHealth
  /** What an administrator should know of a server that is translated: what of its document is left out, and why. */
  notes?(): readonly string[]
  /** The byte lane; undefined unless the server is known to speak 2026-07-28 over HTTP. */
  lane(): Lane | undefined
  close(): Promise<void>
}
