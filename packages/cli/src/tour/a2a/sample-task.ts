import { randomUUID } from 'node:crypto'
import type { AgentEvent, Task, TaskStatus } from '@parley/sdk/agent'

type Watcher = { readonly send: (event: AgentEvent) => void; readonly end: () => void }

/** A task of a sample agent: one artifact that grows. */
export class SampleTask {
  readonly id: string
  readonly ended: Promise<void>
  readonly #contextId: string
  readonly #watchers = new Set<Watcher>()
  readonly #chunks: string[] = []
  readonly #end: () => void
  #status: TaskStatus = { state: 'TASK_STATE_SUBMITTED', timestamp: now() }
  #isOver = false

  constructor(id: string, contextId: string) {
    this.id = id
    this.#contextId = contextId
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#end = resolve
  }

  get isOver(): boolean {
    return this.#isOver
  }

  event(): AgentEvent {
    return { task: this.toJson() }
  }

  toJson(): Task {
    const parts = this.#chunks.map((text) => ({ text }))
    return {
      ...this.#ids(),
      id: this.id,
      status: this.#status,
      ...(parts.length > 0 && { artifacts: [{ artifactId: 'result', name: 'Result', parts }] }),
    }
  }

  tell(state: string, words?: string): void {
    if (this.#isOver) return
    const parts = [{ text: words ?? '' }]
    const message = words !== undefined && { messageId: randomUUID(), role: 'ROLE_AGENT', parts }
    this.#status = { state, timestamp: now(), ...(message && { message }) }
    this.#isOver = state === 'TASK_STATE_COMPLETED' || state === 'TASK_STATE_FAILED'
    this.#send({ statusUpdate: { taskId: this.id, ...this.#ids(), status: this.#status } })
    if (!this.#isOver) return
    for (const { end } of this.#watchers) end()
    this.#watchers.clear()
    this.#end()
  }

  /** More of what it makes. */
  make(text: string): void {
    const artifact = { artifactId: 'result', name: 'Result', parts: [{ text }] }
    const append = this.#chunks.length > 0
    this.#chunks.push(text)
    this.#send({ artifactUpdate: { taskId: this.id, ...this.#ids(), artifact, append } })
  }

  /** Answers how to stop. */
  watch(send: Watcher['send'], end: Watcher['end']): () => void {
    const watcher = { send, end }
    if (this.#isOver) end()
    else this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  #ids() {
    return { contextId: this.#contextId }
  }

  #send(event: AgentEvent): void {
    for (const { send } of this.#watchers) send(event)
  }
}

function now(): string {
  return new Date().toISOString()
}
