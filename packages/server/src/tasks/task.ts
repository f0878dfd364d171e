import type { ActivityFace, CapabilityName, Principal, TaskId, TaskState } from '@parley/contract'
import type { JsonObject, Outcome } from '../lib/json-rpc.ts'

/** One piece of work that goes on when nobody waits on the line for it. */
export interface Task {
  readonly id: TaskId
  readonly owner: string
  readonly face: ActivityFace
  readonly state: TaskState
  /** Counts the changes, and numbers the events. */
  readonly version: number
  /** Under whose grant it runs. */
  readonly principal: Principal
  /** The server's name. */
  readonly server: string
  /** The protocol's method, such as `tools/call`. */
  readonly action: string
  readonly capability: CapabilityName
  readonly argumentsDigest: string | undefined
  /** For people: what it does, or why it ended. */
  readonly message: string | undefined
  readonly createdAt: number
  readonly updatedAt: number
  /** From its creation. */
  readonly ttlMs: number
  readonly pollIntervalMs: number
  readonly expiresAt: number
  /** Whether another server runs it, where it lives on when the hub does not. */
  readonly isElsewhere: boolean
  /** Whether its result is an error of the tool's own. */
  readonly isToolError: boolean
}

/** An event of a task, for those who follow it. */
export interface TaskEvent {
  readonly seq: number
  readonly at: number
  readonly state: TaskState
  readonly message: string | undefined
}

export interface NewTask {
  readonly face: ActivityFace
  readonly principal: Principal
  readonly server: string
  readonly action: string
  readonly capability: CapabilityName
  readonly argumentsDigest: string | undefined
  /** As its maker wishes; held to what the hub allows. */
  readonly ttlMs?: number | undefined
  readonly pollIntervalMs?: number | undefined
  readonly message?: string | undefined
  /** How it is found at the server that runs it. */
  readonly upstreamRef?: JsonObject | undefined
}

/** A step of a task. What is absent stays as it is. */
export interface TaskChange {
  readonly state: TaskState
  readonly message?: string | undefined
  /** With a final state: what it came to. */
  readonly outcome?: Outcome
  readonly upstreamRef?: JsonObject
  readonly pollIntervalMs?: number
}

export interface TaskPage {
  readonly tasks: readonly Task[]
  /** What to go on after; undefined on the last page. */
  readonly next: TaskId | undefined
}

export interface TaskLimits {
  /** Tasks of one owner that are kept, finished ones included. */
  readonly tasksPerOwner: number
  readonly tasks: number
  /** Largest result of one task. */
  readonly resultBytes: number
  /** All results that are kept. */
  readonly allResultsBytes: number
  readonly ttlMs: number
  readonly maxTtlMs: number
}

export function isFinal(state: TaskState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled'
}
