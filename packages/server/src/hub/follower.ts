import { toParleyError } from '@parley/contract'
import { isInterrupted, type A2aTask } from '../a2a/index.ts'
import type { StreamReceiver } from '../a2a-client/index.ts'
import type { AgentEntry } from '../directory/index.ts'
import type { Timer } from '../lib/clock.ts'
import type { HubTools } from './hub-call.ts'
import type { Mirror } from './mirror.ts'

interface Watch {
  /** Attempts since something new was heard. */
  attempts: number
  timer: Timer | undefined
  /** Ends the stream that it has. */
  stop: (() => void) | undefined
}

const FIRST_WAIT_MS = 250
const MAX_WAIT_MS = 30_000
/** A task that waits for its caller changes when the caller speaks: it is looked at now and then. */
const QUIET_WAIT_MS = 30_000

/**
 * Follows tasks at their agents: over a stream where the agent has one and there is room, otherwise by asking again and
 * again, less and less often.
 */
export class Follower {
  readonly #tools: HubTools
  readonly #isOpen: (mirror: Mirror) => boolean
  readonly #watches = new Map<Mirror, Watch>()
  readonly #streams = new Map<string, number>()
  #isClosed = false

  constructor(tools: HubTools, isOpen: (mirror: Mirror) => boolean) {
    this.#tools = tools
    this.#isOpen = isOpen
  }

  isWatching(mirror: Mirror): boolean {
    return this.#watches.has(mirror)
  }

  /** Until the task ends. Does nothing for one that is followed already. */
  follow(mirror: Mirror): void {
    if (this.#watches.has(mirror) || mirror.isOver || mirror.isHeld || this.#isClosed) return
    const watch: Watch = { attempts: 0, timer: undefined, stop: undefined }
    this.#watches.set(mirror, watch)
    void this.#attempt(mirror, watch)
  }

  /** Something else brings what the task tells: from both, each event would come twice. */
  leave(mirror: Mirror): void {
    const watch = this.#watches.get(mirror)
    if (!watch) return
    this.#watches.delete(mirror)
    watch.timer?.cancel()
    watch.stop?.()
  }

  /** Asks once how the task stands. */
  async refresh(mirror: Mirror): Promise<void> {
    const agent = this.#agentOf(mirror)
    if (!agent || mirror.isHeld) return
    const { taskId: id } = mirror.name.foreign
    const options = await this.#options(agent, mirror)
    mirror.replace((await agent.link().call('GetTask', { id }, options)) as unknown as A2aTask)
  }

  async cancel(mirror: Mirror): Promise<A2aTask | undefined> {
    const agent = this.#agentOf(mirror)
    if (!agent || mirror.isHeld) return undefined
    const { taskId: id } = mirror.name.foreign
    const headers = await this.#tools.credentialToEnd(agent, mirror.task.principal)
    const options = { headers, timeoutMs: this.#tools.limits.agentTimeoutMs }
    return (await agent.link().call('CancelTask', { id }, options)) as unknown as A2aTask
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#watches.values()) timer?.cancel()
    this.#watches.clear()
  }

  async #attempt(mirror: Mirror, watch: Watch): Promise<void> {
    if (this.#isDone(mirror, watch)) return
    const agent = this.#agentOf(mirror)
    try {
      if (agent && this.#mayStream(agent)) await this.#stream(agent, mirror, watch)
      else if (agent) {
        const before = mirror.document.status
        await this.refresh(mirror)
        if (mirror.document.status !== before) watch.attempts = 0
        this.#again(mirror, watch)
      } else this.#again(mirror, watch)
    } catch (error) {
      this.#failed(mirror, watch, error)
    }
  }

  async #stream(agent: AgentEntry, mirror: Mirror, watch: Watch): Promise<void> {
    const options = await this.#options(agent, mirror)
    if (this.#isDone(mirror, watch)) return
    const release = this.#take(agent.name)
    let isOpen = true
    const over = () => {
      if (!isOpen) return
      isOpen = false
      watch.stop = undefined
      release()
      mirror.setSource(undefined)
    }
    const receiver: StreamReceiver = {
      onEvent: (event) => {
        if (!isOpen) return
        watch.attempts = 0
        mirror.accept(event)
      },
      onEnd: () => {
        over()
        this.#again(mirror, watch)
      },
      onError: (error) => {
        over()
        this.#failed(mirror, watch, error)
      },
    }
    const id = mirror.name.foreign.taskId
    const stream = agent.link().stream('SubscribeToTask', { id }, receiver, options)
    const cancel = () => {
      release()
      this.#watches.delete(mirror)
      stream.cancel()
    }
    watch.stop = () => {
      over()
      stream.cancel()
    }
    if (isOpen) mirror.setSource({ pause: () => stream.pause(), resume: () => stream.resume(), cancel })
  }

  #failed(mirror: Mirror, watch: Watch, error: unknown): void {
    const { code } = toParleyError(error)
    if (this.#isDone(mirror, watch)) return
    if (code === 'task_not_found') {
      this.#watches.delete(mirror)
      return mirror.end('TASK_STATE_FAILED', 'The agent does not know the task any more.')
    }
    // What has ended cannot be subscribed to (specification §3.1.6): then it says so when asked.
    if (code === 'unsupported_operation') {
      void this.refresh(mirror)
        .catch(() => undefined)
        .then(() => this.#again(mirror, watch))
      return
    }
    this.#again(mirror, watch)
  }

  #again(mirror: Mirror, watch: Watch): void {
    if (this.#isDone(mirror, watch)) return
    const wait = Math.min(FIRST_WAIT_MS * 2 ** watch.attempts, MAX_WAIT_MS)
    watch.attempts = Math.min(watch.attempts + 1, 10)
    const isQuiet = isInterrupted(mirror.document.status.state)
    watch.timer = this.#tools.clock.setTimeout(
      () => void this.#attempt(mirror, watch),
      isQuiet ? QUIET_WAIT_MS : wait,
    )
  }

  #isDone(mirror: Mirror, watch: Watch): boolean {
    const isOwn = this.#watches.get(mirror) === watch
    if (isOwn && !mirror.isOver && !this.#isClosed && this.#isOpen(mirror)) return false
    watch.timer?.cancel()
    if (!isOwn) return true
    this.#watches.delete(mirror)
    mirror.onIdle?.()
    return true
  }

  #agentOf(mirror: Mirror): AgentEntry | undefined {
    return this.#tools.directory.entry(mirror.task.server)
  }

  async #options(agent: AgentEntry, { task }: Mirror) {
    const headers = await this.#tools.credentialFor(agent, task.principal)
    return { headers, timeoutMs: this.#tools.limits.agentTimeoutMs }
  }

  #mayStream({ name, card }: AgentEntry): boolean {
    return (
      card.capabilities.streaming === true &&
      (this.#streams.get(name) ?? 0) < this.#tools.limits.followedPerAgent
    )
  }

  #take(agent: string): () => void {
    this.#streams.set(agent, (this.#streams.get(agent) ?? 0) + 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      this.#streams.set(agent, this.#streams.get(agent)! - 1)
    }
  }
}
