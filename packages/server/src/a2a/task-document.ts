import type { JsonObject } from '../lib/json-rpc.ts'
import type {
  A2aTask,
  Artifact,
  Message,
  Part,
  StreamResponse,
  TaskArtifactUpdateEvent,
  TaskStatus,
} from './model.ts'

/** How much of a task an answer holds (specification §3.2.4, §3.1.4). */
export interface TaskView {
  /** All of it when absent; 0: the field is left out. */
  readonly historyLength?: number | undefined
  /** True when absent. */
  readonly withArtifacts?: boolean
}

interface HeldArtifact {
  readonly head: Omit<Artifact, 'parts'>
  readonly parts: Part[]
}

/**
 * A task as it grows: each event is taken in by itself, at a cost of its own size, however large the task has become.
 */
export class TaskDocument {
  readonly id: string
  readonly contextId: string
  #status: TaskStatus
  #metadata: JsonObject | undefined
  readonly #artifacts = new Map<string, HeldArtifact>()
  readonly #history: Message[] = []
  readonly #heard = new Set<string>()

  constructor({ id, contextId, status, artifacts, history, metadata }: A2aTask) {
    this.id = id
    this.contextId = contextId
    this.#status = status
    this.#metadata = metadata
    for (const artifact of artifacts ?? []) this.#putArtifact(artifact)
    for (const message of history ?? []) this.#hear(message)
  }

  /** From what was kept of it: a task, and what came after. Undefined when there is no task to begin with. */
  static from(parts: readonly StreamResponse[]): TaskDocument | undefined {
    const [first, ...others] = parts
    if (!first || !('task' in first)) return undefined
    let document = new TaskDocument(first.task)
    for (const part of others) {
      if ('task' in part) document = new TaskDocument(part.task)
      else document.apply(part)
    }
    return document
  }

  get status(): TaskStatus {
    return this.#status
  }

  apply(event: Exclude<StreamResponse, { task: A2aTask }>): void {
    if ('statusUpdate' in event) this.#setStatus(event.statusUpdate.status, event.statusUpdate.metadata)
    else if ('artifactUpdate' in event) this.#addArtifact(event.artifactUpdate)
    else this.#hear(event.message)
  }

  toTask({ historyLength, withArtifacts = true }: TaskView = {}): A2aTask {
    const history = this.#lastMessages(historyLength)
    return {
      id: this.id,
      contextId: this.contextId,
      status: this.#status,
      ...(withArtifacts && this.#artifacts.size > 0 && { artifacts: this.#listArtifacts() }),
      ...(history.length > 0 && { history }),
      ...(this.#metadata && { metadata: this.#metadata }),
    }
  }

  #setStatus(status: TaskStatus, metadata: JsonObject | undefined): void {
    this.#status = status
    if (status.message) this.#hear(status.message)
    if (metadata) this.#metadata = { ...this.#metadata, ...metadata }
  }

  #addArtifact({ artifact, append }: TaskArtifactUpdateEvent): void {
    const held = append === true ? this.#artifacts.get(artifact.artifactId) : undefined
    if (!held) return this.#putArtifact(artifact)
    for (const part of artifact.parts) held.parts.push(part)
    if (artifact.metadata || artifact.extensions)
      this.#artifacts.set(artifact.artifactId, { parts: held.parts, head: mergeHead(held.head, artifact) })
  }

  #putArtifact({ parts, ...head }: Artifact): void {
    this.#artifacts.set(head.artifactId, { head, parts: [...parts] })
  }

  #listArtifacts(): Artifact[] {
    return [...this.#artifacts.values()].map(({ head, parts }) => ({ ...head, parts: [...parts] }))
  }

  /** A message that is told twice, by its status and by the history, is one. */
  #hear(message: Message): void {
    if (this.#heard.has(message.messageId)) return
    this.#heard.add(message.messageId)
    this.#history.push(message)
  }

  #lastMessages(length: number | undefined): readonly Message[] {
    if (length === undefined) return this.#history.slice()
    return length === 0 ? [] : this.#history.slice(-length)
  }
}

function mergeHead(head: HeldArtifact['head'], { metadata, extensions }: Artifact): HeldArtifact['head'] {
  return {
    ...head,
    ...(metadata && { metadata: { ...head.metadata, ...metadata } }),
    ...(extensions && { extensions: [...new Set([...(head.extensions ?? []), ...extensions])] }),
  }
}
