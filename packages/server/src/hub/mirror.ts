import { ParleyError } from '@parley/contract'
import {
  isInterrupted,
  isTerminal,
  type A2aTask,
  type A2aTaskState,
  type Message,
  type StreamResponse,
  type TaskDocument,
  type TaskView,
} from '../a2a/index.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Task, Tasks } from '../tasks/index.ts'
import type { Webhooks } from '../webhooks/index.ts'
import { EventFrame, type ReplyStream } from './hub-call.ts'
import { renameEvent, type TaskName } from './task-names.ts'
import { toTaskState, wordsOf } from './task-states.ts'

export interface MirrorTools {
  readonly tasks: Pick<Tasks, 'add' | 'change'>
  readonly webhooks: Pick<Webhooks, 'wants' | 'enqueue' | 'wake'>
  readonly clock: Pick<Clock, 'now' | 'setTimeout'>
  readonly taskBytes: number
  readonly onError: (error: unknown) => void
}

/** Where the events come from, for a mirror that cannot write as fast as they come. */
export interface EventSource {
  pause(): void
  resume(): void
  cancel(): void
}

interface Entry {
  readonly frame: EventFrame
  /** What a caller acts on is told once it is on disk. */
  readonly waits: boolean
}

/** Above it the agent is not read on until some is written. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024
/** Chunks are gathered for so long, or until there are so many bytes; nobody waits for their being kept. */
const GATHER_MS = 20
const GATHER_BYTES = 256 * 1024

/**
 * A task of an agent under way: what it tells is kept, and passed on to everyone who follows, in one order. Chunks go on
 * at once and are written in batches; an end, or a question to the caller, is told once it is on disk.
 */
export class Mirror {
  /** A task that waits for consent has no name at its agent yet. */
  name: TaskName
  readonly task: Task
  readonly document: TaskDocument
  readonly #tools: MirrorTools
  readonly #readers = new Set<ReplyStream>()
  readonly #waiting = new Set<() => void>()
  #source: EventSource | undefined
  #pending: Entry[] = []
  #pendingBytes = 0
  /** Whether any of it is to be told once it is on disk. */
  #isAwaited = false
  /** The same for what is being written: nothing overtakes it. */
  #isWritingAwaited = false
  #timer: Timer | undefined
  #keptBytes: number
  #state: Task['state']
  #isWriting = false
  #isPaused = false
  #isOver = false
  /** Nobody follows any more, and nothing is left to write. */
  onIdle: (() => void) | undefined

  constructor(tools: MirrorTools, { task, name, document }: Pick<Mirror, 'task' | 'name' | 'document'>) {
    this.#tools = tools
    this.task = task
    this.name = name
    this.document = document
    this.#keptBytes = task.keptBytes
    this.#state = task.state
    this.#isOver = isTerminal(document.status.state)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isFollowed(): boolean {
    return this.#source !== undefined
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0 || this.#waiting.size > 0
  }

  /** The stream that its events come over; undefined when it has ended. */
  setSource(source: EventSource | undefined): void {
    this.#source = source
  }

  snapshot(view?: TaskView): A2aTask {
    return this.document.toTask(view)
  }

  /** An event as the agent tells it. What comes after the end is dropped (H10). */
  accept(event: StreamResponse): void {
    if (this.#isOver || this.#isOfAnother(event)) return
    if ('task' in event) return this.replace(event.task)
    const frame = new EventFrame(renameEvent(event, this.name))
    if ('task' in frame.event) return
    this.document.apply(frame.event)
    const state = 'statusUpdate' in event ? event.statusUpdate.status.state : undefined
    this.#queue(frame, state !== undefined && (isTerminal(state) || isInterrupted(state)))
  }

  /** The whole task as the agent tells it: those who follow are told what is new. */
  replace(task: A2aTask): void {
    if (this.#isOver || this.#isOfAnother({ task })) return
    for (const event of this.#differences(task)) this.accept(event)
  }

  /** What an agent tells where it was asked for this task counts for this task alone (H10). */
  #isOfAnother(event: StreamResponse): boolean {
    if ('message' in event) return false
    const id = 'task' in event ? event.task.id : Object.values(event)[0]!.taskId
    return id !== this.name.foreign.taskId
  }

  /** Whether it waits for a person's consent, and its agent knows nothing of it. */
  get isHeld(): boolean {
    return this.name.foreign.taskId === ''
  }

  /** Ends the task by the hub's own word. */
  end(
    state: 'TASK_STATE_COMPLETED' | 'TASK_STATE_FAILED' | 'TASK_STATE_CANCELED' | 'TASK_STATE_REJECTED',
    text: string | undefined,
  ): void {
    this.tell(state, text)
  }

  /** A status that the hub itself gives the task. */
  tell(state: A2aTaskState, text: string | undefined): void {
    const timestamp = new Date(this.#tools.clock.now()).toISOString()
    const { taskId, contextId } = this.name.foreign
    const message = text === undefined ? undefined : ownMessage(this.name, state, text)
    this.accept({
      statusUpdate: { taskId, contextId, status: { state, timestamp, ...(message && { message }) } },
    })
  }

  /** Sends the task as it stands, then everything that comes. Resolves once the first is sent. */
  async join(reader: ReplyStream): Promise<void> {
    await this.flushed()
    const isThere = reader.send(new EventFrame({ task: this.snapshot() }))
    if (this.#isOver) return reader.end()
    // Who left meanwhile would stay until the next event.
    if (isThere) this.#readers.add(reader)
    else this.#look()
  }

  leave(reader: ReplyStream): void {
    this.#readers.delete(reader)
    this.#look()
  }

  /** Resolves when nothing waits to be written. */
  async flushed(): Promise<void> {
    while (this.#isWriting || this.#pending.length > 0) {
      const written = new Promise<void>((resolve) => this.#waiting.add(resolve))
      if (!this.#isWriting) void this.#write()
      await written
    }
  }

  /** Resolves when the task has ended or waits for its caller, which is on disk by then. */
  async settled(signal: AbortSignal): Promise<void> {
    while (!this.#isSettled()) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener('abort', done)
          this.#waiting.delete(done)
          resolve()
        }
        signal.addEventListener('abort', done)
        this.#waiting.add(done)
      })
    }
  }

  /** Cuts the stream to the agent and to everyone who follows. */
  close(error?: ParleyError): void {
    this.#source?.cancel()
    this.#source = undefined
    for (const reader of this.#readers) {
      if (error) reader.fail(error)
      else reader.end()
    }
    this.#readers.clear()
    this.#wakeAll()
  }

  #isSettled(): boolean {
    const { state } = this.document.status
    return !this.#isWriting && (isTerminal(state) || isInterrupted(state))
  }

  #queue(frame: EventFrame, waits: boolean): void {
    this.#isAwaited ||= waits || this.#isWritingAwaited
    const entry = { frame, waits: this.#isAwaited }
    if (waits && isTerminal(this.document.status.state)) this.#isOver = true
    if (!entry.waits) this.#tell(frame)
    this.#pending.push(entry)
    this.#pendingBytes += frame.json.length
    this.#keptBytes += frame.json.length
    if (this.#pendingBytes > MAX_PENDING_BYTES && !this.#isPaused) {
      this.#isPaused = true
      this.#source?.pause()
    }
    this.#writeSoon()
  }

  #writeSoon(): void {
    if (this.#isWriting || this.#pending.length === 0) return
    if (this.#isAwaited || this.#pendingBytes > GATHER_BYTES) return void this.#write()
    this.#timer ??= this.#tools.clock.setTimeout(() => {
      this.#timer = undefined
      if (!this.#isWriting) void this.#write()
    }, GATHER_MS)
  }

  /** One unit after the other, each with all that came meanwhile. */
  async #write(): Promise<void> {
    this.#isWriting = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#isWritingAwaited = this.#isAwaited
    const batch = this.#takePending()
    try {
      const isKept = await this.#commit(batch.map(({ frame }) => frame))
      if (isKept) for (const { frame, waits } of batch) if (waits) this.#tell(frame)
      if (!isKept) this.#takePending()
      else if (this.#keptBytes > this.#tools.taskBytes && !this.#isOver) this.#endTooLarge()
    } catch (error) {
      this.#tools.onError(error)
      this.#takePending()
      this.#isWriting = false
      this.#isWritingAwaited = false
      return this.close(new ParleyError('unavailable', 'The hub cannot keep the task at the moment.'))
    }
    this.#isWriting = false
    this.#isWritingAwaited = false
    this.#wakeAll()
    this.#look()
    this.#writeSoon()
  }

  #takePending(): readonly Entry[] {
    const batch = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    this.#isAwaited = false
    if (this.#isPaused) {
      this.#isPaused = false
      this.#source?.resume()
    }
    return batch
  }

  async #commit(frames: readonly EventFrame[]): Promise<boolean> {
    const { tasks, webhooks } = this.#tools
    const { id } = this.task
    const isWanted = webhooks.wants(id)
    const told = frames.filter(isTold)
    const also = isWanted ? told.flatMap(({ event }) => webhooks.enqueue(id, event)) : []
    const parts = frames.map(({ json }) => json)
    const status = lastStatus(frames)
    const message = status && wordsOf(status)
    const state = status ? toTaskState(status.state) : this.#state
    const isKept =
      state === this.#state
        ? await tasks.add(id, { parts, message, also })
        : (await tasks.change(id, { state, message, parts, also })) !== undefined
    this.#state = state
    // It ended by another's hand, an administrator's say.
    if (!isKept) this.#isOver = true
    else if (isWanted) webhooks.wake(id)
    return isKept
  }

  #tell(frame: EventFrame): void {
    if (!isTold(frame)) return
    for (const reader of this.#readers) if (!reader.send(frame)) this.#readers.delete(reader)
  }

  #endTooLarge(): void {
    this.#source?.cancel()
    this.#source = undefined
    this.end('TASK_STATE_FAILED', `The task holds more than the ${this.#tools.taskBytes} bytes it may.`)
  }

  /** Ends readers with the task, and tells when the mirror is not needed. */
  #look(): void {
    if (this.#isWriting || this.#pending.length > 0) return
    if (this.#isOver) {
      this.#source = undefined
      for (const reader of this.#readers) reader.end()
      this.#readers.clear()
    }
    if (!this.hasReaders && !this.isFollowed) this.onIdle?.()
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** What a task says beyond what is known of it, as events. The status comes last: it may be the end. */
  *#differences(task: A2aTask): Iterable<StreamResponse> {
    const { taskId, contextId } = this.name.foreign
    const known = this.snapshot()
    const heard = new Set(known.history?.map(({ messageId }) => messageId))
    for (const message of task.history ?? []) if (!heard.has(message.messageId)) yield { message }
    const artifacts = new Map(known.artifacts?.map((artifact) => [artifact.artifactId, artifact]))
    for (const artifact of task.artifacts ?? []) {
      const before = artifacts.get(artifact.artifactId)
      if (before && JSON.stringify(before.parts) === JSON.stringify(artifact.parts)) continue
      yield { artifactUpdate: { taskId, contextId, artifact, lastChunk: true } }
    }
    const { status } = task
    const isSame =
      status.state === known.status.state && status.message?.messageId === known.status.message?.messageId
    if (!isSame) yield { statusUpdate: { taskId, contextId, status } }
  }
}

/** A message that was heard belongs to the history, not to the stream (specification §3.1.2). */
function isTold({ event }: EventFrame): boolean {
  return !('message' in event)
}

function ownMessage({ ours, foreign }: TaskName, state: A2aTaskState, text: string): Message {
  return {
    messageId: `parley-${ours.id}-${state}`,
    role: 'ROLE_AGENT',
    taskId: foreign.taskId,
    contextId: foreign.contextId,
    parts: [{ text }],
  }
}

function lastStatus(frames: readonly EventFrame[]) {
  for (let at = frames.length - 1; at >= 0; at--) {
    const { event } = frames[at]!
    if ('statusUpdate' in event) return event.statusUpdate.status
  }
  return undefined
}
