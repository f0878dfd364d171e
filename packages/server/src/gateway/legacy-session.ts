import { ParleyError, type ConnectionId, type Principal, type SessionRevision } from '@parley/contract'
import type { JsonObject, Outcome, RequestMessage } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { Channel, ServerNotification, Subscription } from '../upstream/index.ts'
import type { Scope } from './call.ts'
import { callCredential, type CallCredential, type CredentialSources } from './call-credential.ts'
import { META, MODERN } from './protocol.ts'
import type { SessionReply } from './session-reply.ts'
import type { SealedSession } from './session-seals.ts'
import type { TaskOffer } from './tasks/legacy-tasks.ts'
import type { TaskRuns } from './tasks/task-runs.ts'
import { SessionStreams, type EventBudget, type ResumableStream } from './session-streams.ts'
import { toClientQuestion } from './to-client-question.ts'
import { toClientNotification } from './to-client-revision.ts'

const MAX_QUESTIONS = 100
/** Answers of a person that a session waits to tell its client of. */
const MAX_AWAITED = 100

interface OwnChannel {
  readonly opening: Promise<Channel>
  /** What it was opened with. */
  readonly connection: ConnectionId | undefined
}

export interface Revival {
  readonly taskOffer: TaskOffer
  readonly firstStream: number
  /** The session at the server, and the connection it was opened with. */
  readonly upstream: Pick<NonNullable<SealedSession['upstream']>, 'connection' | 'resumption'> | undefined
}

export interface SessionOptions {
  readonly id: string
  readonly owner: Principal
  readonly scope: Scope
  readonly revision: SessionRevision
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
  readonly budget: EventBudget
  readonly sources: CredentialSources
  readonly runs: TaskRuns
  /** How it is taken up again after a restart of the hub. */
  readonly revived?: Revival
}

/** One session of a client before 2026-07-28: bound to the caller that opened it and to one endpoint. */
export class LegacySession {
  readonly id: string
  /** As they last came: a new token is the same caller. */
  owner: Principal
  readonly scope: Scope
  /** As `initialize` settled it. */
  readonly revision: SessionRevision
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
  /** Opened in an earlier process: what it had to tell then is gone. */
  readonly isRevived: boolean
  /** The rest of its id as the client has it, from which it can be revived. */
  sealed: string | undefined
  logLevel: string | undefined
  lastUsedMicros = 0
  /** Requests under way, by the client's id as it was sent. */
  readonly running = new Map<string, AbortController>()
  readonly streams: SessionStreams
  /** For what belongs to no request; the client reads it with GET. */
  readonly ownStream: ResumableStream
  readonly runs: TaskRuns
  /** Whose rules its tasks follow; known once it has been initialized. */
  taskOffer: TaskOffer = 'none'
  /** Those under way that it is told of. */
  readonly tasks = new Set<string>()
  readonly #sources: CredentialSources
  #channels = new Map<string, OwnChannel>()
  #questions = new Map<string, (outcome: Outcome) => void>()
  #questionCount = 0
  #uris = new Set<string>()
  #awaited = new Set<string>()
  #subscription: Subscription | undefined
  /** What an earlier process left at the server. */
  #left: Revival['upstream']
  #cleanups: (() => void)[] = []
  #closed = false

  constructor(options: SessionOptions) {
    this.id = options.id
    this.owner = options.owner
    this.#sources = options.sources
    this.runs = options.runs
    this.scope = options.scope
    this.revision = options.revision
    this.capabilities = options.capabilities
    this.clientInfo = options.clientInfo
    this.isRevived = options.revived !== undefined
    this.#left = options.revived?.upstream
    this.taskOffer = options.revived?.taskOffer ?? 'none'
    this.streams = new SessionStreams(options.budget, options.revived?.firstStream)
    this.ownStream = this.streams.open()
  }

  /** Its whole id, as the client has it. */
  get told(): string {
    return this.sealed === undefined ? this.id : `${this.id}.${this.sealed}`
  }

  get terms() {
    return { capabilities: this.capabilities, clientInfo: this.clientInfo, logLevel: this.logLevel }
  }

  get isStreaming(): boolean {
    return this.ownStream.isConnected
  }

  /** The client hears when the person has answered this. */
  awaitAnswer(id: string): void {
    if (this.#awaited.size < MAX_AWAITED) this.#awaited.add(id)
  }

  /** MCP 2025-11-25, Completion Notifications for URL Mode Elicitation. */
  tellAnswered(elicitationId: string): void {
    if (this.#awaited.delete(elicitationId))
      this.push({ method: 'notifications/elicitation/complete', params: { elicitationId } })
  }

  onClose(cleanup: () => void): void {
    this.#cleanups.push(cleanup)
  }

  /**
   * The channel to one upstream for as long as this session lives and its owner's connection is the same; opened when
   * first needed.
   */
  async channel(entry: ServerEntry): Promise<Channel> {
    const carried = await callCredential(this.#sources, entry, () => this.owner)
    const known = this.#channels.get(entry.id)
    if (known && known.connection !== carried.connection) closeChannel(known)
    else if (known)
      return known.opening.then((channel) => (channel.closed ? this.#reopen(entry, carried) : channel))
    return this.#reopen(entry, carried)
  }

  /** With which connection a server is reached; undefined where none is needed. */
  connectionTo(entry: ServerEntry): ConnectionId | undefined {
    return this.#channels.get(entry.id)?.connection
  }

  /** Ends what was opened with a connection that has ended. */
  dropConnection(id: ConnectionId): void {
    for (const [server, known] of this.#channels) {
      if (known.connection !== id) continue
      this.#channels.delete(server)
      closeChannel(known)
    }
  }

  #reopen(entry: ServerEntry, carried: CallCredential): Promise<Channel> {
    const opening = this.#open(entry, carried)
    const own: OwnChannel = { opening, connection: carried.connection }
    this.#channels.set(entry.id, own)
    opening.catch(() => {
      if (this.#channels.get(entry.id) === own) this.#channels.delete(entry.id)
    })
    return opening
  }

  async #open(entry: ServerEntry, { credential, connection }: CallCredential): Promise<Channel> {
    const info = await entry.upstream.info()
    if (info.era === MODERN) return entry.upstream.modern(credential)
    const left = this.#left
    this.#left = undefined
    const resumption = left && left.connection === connection ? left.resumption : undefined
    const channel = await entry.upstream.openSession(
      { capabilities: this.capabilities, clientInfo: this.clientInfo, credential, resumption },
      AbortSignal.timeout(60_000),
    )
    void channel.setSessionEvents({
      notification: (notification) => this.push(notification),
      serverRequest: (request, signal) => this.ask(request, undefined, signal),
    })
    return channel
  }

  /**
   * Puts a question to the client, on the stream of the request it belongs to or else on the session's own, and waits
   * for the answer that it will POST.
   */
  ask(
    request: Pick<RequestMessage, 'method' | 'params'>,
    reply: SessionReply | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const question = toClientQuestion(this.revision, request)
    if (typeof question === 'string') return Promise.resolve({ error: { code: -32602, message: question } })
    if (this.#questions.size >= MAX_QUESTIONS) {
      return Promise.resolve({ error: { code: -32603, message: 'Too many questions at once.' } })
    }
    const id = `parley-${++this.#questionCount}`
    const message = {
      id,
      method: question.method,
      ...(question.params === undefined ? {} : { params: question.params }),
    }
    return new Promise((resolve, reject) => {
      this.#questions.set(id, resolve)
      signal.addEventListener(
        'abort',
        () => {
          const withdrawal = { method: 'notifications/cancelled', params: { requestId: id } }
          if (this.#questions.delete(id) && !reply?.send(withdrawal)) this.push(withdrawal)
          reject(signal.reason as Error)
        },
        { once: true },
      )
      if (!reply?.send(message)) this.push(message)
    })
  }

  /** The client's answer to a question; false when nothing of that id was asked. */
  answer(id: unknown, outcome: Outcome): boolean {
    const resolve = typeof id === 'string' ? this.#questions.get(id) : undefined
    if (!resolve) return false
    this.#questions.delete(id as string)
    resolve(outcome)
    return true
  }

  /** Sends on the session's own stream, or keeps it until the client opens one. */
  push(message: ServerNotification): void {
    const told = toClientNotification(this.revision, message)
    if (told && !this.#closed) this.ownStream.send(JSON.stringify({ jsonrpc: '2.0', ...told }))
  }

  /** Follows a modern upstream's changes for this session; called again when the URIs change. */
  async follow(entry: ServerEntry): Promise<void> {
    const info = await entry.upstream.info()
    if (info.era !== MODERN) return
    const channel = await this.channel(entry)
    const abort = new AbortController()
    const next = await channel.subscribe(
      {
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        ...(this.#uris.size > 0 ? { resourceSubscriptions: [...this.#uris] } : {}),
      },
      ({ method, params }) => this.push({ method, params: withoutSubscriptionId(params) }),
      abort.signal,
    )
    this.#subscription?.close()
    if (this.#closed) next.close()
    else this.#subscription = next
  }

  setSubscribed(uri: string, wanted: boolean): void {
    if (wanted && this.#uris.size >= 1000)
      throw new ParleyError('invalid_params', 'At most 1000 resources can be subscribed to.')
    if (wanted) this.#uris.add(uri)
    else this.#uris.delete(uri)
  }

  /** Sessions at servers are left to them where a revival can take them up. */
  async close({ isRevivable } = { isRevivable: false }): Promise<void> {
    this.#closed = true
    for (const cleanup of this.#cleanups) cleanup()
    for (const controller of this.running.values())
      controller.abort(new ParleyError('unavailable', 'The session has ended.'))
    this.#subscription?.close()
    this.streams.close()
    const channels = await Promise.allSettled([...this.#channels.values()].map(({ opening }) => opening))
    await Promise.allSettled(
      channels.map((opened) =>
        opened.status === 'fulfilled' ? letGo(opened.value, isRevivable) : undefined,
      ),
    )
  }
}

/** A modern channel has no session that could be ended. */
function closeChannel({ opening }: OwnChannel): void {
  opening.then((channel) => letGo(channel, false)).catch(() => undefined)
}

function letGo(channel: Channel, isRevivable: boolean): Promise<void> | undefined {
  if (channel.info.era === MODERN) return undefined
  if (!isRevivable || !channel.resumption || !channel.abandon) return channel.close()
  channel.abandon()
  return undefined
}

function withoutSubscriptionId(params: JsonObject | undefined): JsonObject {
  const { _meta, ...rest } = params ?? {}
  if (typeof _meta !== 'object' || _meta === null) return rest
  const { [META.subscriptionId]: _id, ...meta } = _meta as JsonObject
  return Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest
}
