type Json = Readonly<Record<string, unknown>>

/** One part of a message or an artifact (A2A 1.0 §4.1.6). */
export interface Part extends Json {
  readonly text?: string
  readonly data?: unknown
  readonly url?: string
}

export interface Message extends Json {
  readonly messageId: string
  readonly role: string
  readonly parts: readonly Part[]
  readonly taskId?: string
  readonly contextId?: string
}

export interface TaskStatus extends Json {
  /** `TASK_STATE_COMPLETED` and the others of §4.1.3. */
  readonly state: string
  readonly message?: Message
}

export interface Artifact extends Json {
  readonly artifactId: string
  readonly parts: readonly Part[]
}

export interface Task extends Json {
  readonly id: string
  readonly contextId?: string
  readonly status: TaskStatus
  readonly artifacts?: readonly Artifact[]
}

/** An answer to a message: one of the two. */
export interface Answer {
  readonly message?: Message
  readonly task?: Task
}

/** An event of a stream (§3.2.3): one of the four. */
export interface AgentEvent extends Answer {
  readonly statusUpdate?: Json & {
    readonly taskId: string
    readonly contextId?: string
    readonly status: TaskStatus
  }
  readonly artifactUpdate?: Json & {
    readonly taskId: string
    readonly contextId?: string
    readonly artifact: Artifact
    readonly append?: boolean
    readonly lastChunk?: boolean
  }
}

/** All text of an answer or an event: of its message, or of the artifacts of its task. */
export function textOf({ message, task, artifactUpdate }: AgentEvent): string {
  const artifacts = artifactUpdate ? [artifactUpdate.artifact] : (task?.artifacts ?? [])
  const parts = message ? message.parts : artifacts.flatMap((artifact) => artifact.parts)
  return parts.map((part) => part.text ?? '').join('')
}
