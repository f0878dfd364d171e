import { setTimeout as sleep } from 'node:timers/promises'
import { HubError } from '@parley/sdk'
import type { AgentClient, AgentEvent, Task, TaskStatus } from '@parley/sdk/agent'
import type { Given } from '../command.ts'
import { explainAgentError } from './explain-agent-error.ts'
import { readConsentUrl } from './read-consent-url.ts'
import { isEnded } from './state-words.ts'
import type { TaskScreen } from './task-screen.ts'

/** How it went with an agent. */
export type Ending =
  /** With a message, or a task in a final state. */
  | { readonly kind: 'answered' }
  | { readonly kind: 'ended'; readonly state: string; readonly isInterrupted: boolean }
  /** For words that nobody here gives. */
  | { readonly kind: 'waits' }
  /** Nobody listens any more; the task goes on. */
  | { readonly kind: 'left' }

export interface ConversationTools {
  readonly given: Given
  readonly client: AgentClient
  readonly screen: TaskScreen
  /** Whether what is begun here is answered and cancelled here, or only looked at. */
  readonly isOwn: boolean
}

/** What `SubscribeToTask` says of a task that has ended (A2A §3.1.6). */
const UNSUPPORTED = -32004
const INPUT_REQUIRED = 'TASK_STATE_INPUT_REQUIRED'
const REJOIN_MS = 1000
/** A connection that breaks is made again so many times in turn: for longer than a hub takes to start anew. */
const MAX_BREAKS = 30

/** Follows one task to its end over as many streams as it takes: answers what the agent asks, and cancels on Ctrl-C. */
export class Conversation {
  taskId: string | undefined
  readonly #tools: ConversationTools
  readonly #left = new AbortController()
  readonly #cancelled = new AbortController()
  readonly #opened = new Set<string>()
  #status: TaskStatus | undefined
  #contextId: string | undefined
  /** The question that was answered here: until the agent goes on, it may be told once more. */
  #answered: string | undefined
  #isMessage = false
  #breaks = 0

  constructor(tools: ConversationTools, taskId?: string) {
    this.#tools = tools
    this.taskId = taskId
  }

  get leaving(): AbortSignal {
    return this.#left.signal
  }

  /** The question that stands when something is said to a task is answered by it. */
  goOnFrom({ status, contextId }: Task): void {
    this.#contextId = contextId
    this.#answered = nameOf(status)
  }

  async run(first: AsyncGenerator<AgentEvent>): Promise<Ending> {
    const { given, screen } = this.#tools
    const stop = given.onInterrupt(() => this.#interrupt())
    try {
      for (let events = first; ;) {
        await this.#listen(events)
        const ending = this.#ending()
        if (ending) return ending
        const next = this.#isAsking() ? await this.#answer() : await this.#rejoinLater()
        if (!next) return this.#left.signal.aborted ? { kind: 'left' } : { kind: 'waits' }
        events = next
      }
    } finally {
      screen.endLine()
      stop()
    }
  }

  /** Reads until the task has ended, or wants what a stream does not bring. */
  async #listen(events: AsyncGenerator<AgentEvent>): Promise<void> {
    const { client, screen } = this.#tools
    try {
      for await (const event of events) {
        this.#breaks = 0
        screen.show(event)
        this.#learn(event)
        if (this.#ending() || this.#isAsking()) return
      }
    } catch (error) {
      if (this.#left.signal.aborted) return
      const isBroken = !(error instanceof HubError) && this.taskId !== undefined
      if (isBroken && ++this.#breaks <= MAX_BREAKS) return screen.note('The connection broke; trying again …')
      throw explainAgentError(error, client)
    }
  }

  #learn({ message, task, statusUpdate, artifactUpdate }: AgentEvent): void {
    if (message) this.#isMessage = true
    const id = task?.id ?? statusUpdate?.taskId ?? artifactUpdate?.taskId
    if (id === undefined) return
    const isNew = this.taskId === undefined
    this.taskId = id
    this.#contextId = task?.contextId ?? statusUpdate?.contextId ?? this.#contextId
    const status = task?.status ?? statusUpdate?.status
    if (status) this.#status = status
    if (status?.state === 'TASK_STATE_AUTH_REQUIRED') this.#showConsent(status)
    if (isNew && this.#cancelled.signal.aborted) void this.#cancel()
  }

  #ending(): Ending | undefined {
    if (this.#left.signal.aborted) return { kind: 'left' }
    if (this.#isMessage) return { kind: 'answered' }
    const state = this.#status?.state
    if (state === undefined || !isEnded(state)) return undefined
    return { kind: 'ended', state, isInterrupted: this.#cancelled.signal.aborted }
  }

  #isAsking(): boolean {
    return this.#status?.state === INPUT_REQUIRED && this.#answered !== nameOf(this.#status)
  }

  /** What the person says to the agent's question; undefined where there is nobody to say it. */
  async #answer(): Promise<AsyncGenerator<AgentEvent> | undefined> {
    const { given, client, screen, isOwn } = this.#tools
    if (!isOwn || !given.askText) return isOwn ? undefined : this.#rejoinLater()
    screen.endLine()
    const text = await given.askText('> ', AbortSignal.any([this.#left.signal, this.#cancelled.signal]))
    if (this.#cancelled.signal.aborted) return this.#rejoinLater()
    if (text === undefined || text.trim() === '') return undefined
    this.#answered = nameOf(this.#status)
    return client.stream(text, {
      taskId: this.taskId!,
      ...(this.#contextId !== undefined && { contextId: this.#contextId }),
      signal: this.#left.signal,
    })
  }

  async #rejoinLater(): Promise<AsyncGenerator<AgentEvent> | undefined> {
    // Whoever only looks sees the question, and then what the one who is asked says to it.
    if (this.#status?.state === INPUT_REQUIRED) this.#answered = nameOf(this.#status)
    await sleep(REJOIN_MS, undefined, { signal: this.#left.signal }).catch(() => undefined)
    return this.#left.signal.aborted || this.taskId === undefined
      ? undefined
      : joinTask(this.#tools.client, this.taskId, this.#left.signal)
  }

  #showConsent(status: TaskStatus): void {
    const { given, client } = this.#tools
    const url = readConsentUrl(status, new URL(client.url).origin)
    if (url === undefined || this.#opened.has(url) || given.values['no-browser'] === true) return
    this.#opened.add(url)
    if (this.#tools.isOwn) given.openBrowser(url)
  }

  /** The first cancels the task, the second leaves it to itself. */
  #interrupt(): void {
    const { screen, isOwn } = this.#tools
    if (!isOwn || this.#cancelled.signal.aborted) return this.#left.abort()
    this.#cancelled.abort()
    const when = this.taskId === undefined ? 'Cancelling once the agent has begun' : 'Cancelling'
    screen.note(`${when}; Ctrl-C again leaves at once and lets it go on.`)
    if (this.taskId !== undefined) void this.#cancel()
  }

  async #cancel(): Promise<void> {
    const { client, screen } = this.#tools
    try {
      await client.cancelTask(this.taskId!, { signal: this.#left.signal })
    } catch (error) {
      if (!this.#left.signal.aborted)
        screen.note(`It is not cancelled: ${explainAgentError(error, client).message}`)
    }
  }
}

/** A task as it stands, and what comes of it; of one that has ended the task alone. */
export async function* joinTask(
  client: AgentClient,
  taskId: string,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent, void> {
  try {
    yield* client.subscribe(taskId, { signal })
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== UNSUPPORTED) throw error
    yield { task: await client.getTask(taskId, { signal }) }
  }
}

function nameOf(status: TaskStatus | undefined): string {
  return `${status?.message?.messageId ?? ''} ${String(status?.['timestamp'] ?? '')}`
}
