import type { ActivityFace, CapabilityName, Principal, TaskId, TaskState } from '@parley/contract'
import type { JsonObject, Outcome } from '../lib/json-rpc.ts'
import type { Unit } from '../store/index.ts'

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
  /** The server's name, or the agent's. */
  readonly server: string
  /** The conversation that a task of an agent belongs to. */
  readonly context: string | undefined
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
  /** What it holds takes so much. */
  readonly keptBytes: number
}

/** An event of a task, for those who follow it. */
export interface TaskEvent {
  readonly seq: number
  readonly at: number
  readonly state: TaskState
  readonly message: string | undefined
}

export interface NewTask {
  /** Where its maker has to know it beforehand. */
  readonly id?: TaskId
  readonly face: ActivityFace
  /** `working` when absent. */
  readonly state?: TaskState
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
  readonly context?: string | undefined
  /** Hash by which it is found from the id that the agent gave it. */
  readonly foreignKey?: string | undefined
  /** Hash of the message that made it: `conflict` when there is a task of that message. */
  readonly messageKey?: string | undefined
  readonly parts?: TaskParts | undefined
  readonly also?: Unit
}

/** What a task of an agent holds, piece by piece: the JSON of stream responses. */
export type TaskParts = readonly string[]

/** A step of a task. What is absent stays as it is. */
export interface TaskChange {
  readonly state: TaskState
  readonly message?: string | undefined
  /** With a final state: what it came to. */
  readonly outcome?: Outcome
  readonly upstreamRef?: JsonObject
  readonly pollIntervalMs?: number
  readonly foreignKey?: string | undefined
  /** Come after those that are there. */
  readonly parts?: TaskParts | undefined
  /** Statements for the same unit. */
  readonly also?: Unit
}

/** Further parts of a task whose state stays as it is. */
export interface TaskAddition {
  readonly parts: TaskParts
  readonly message?: string | undefined
  readonly also?: Unit
}

/** One page of an owner's tasks at one agent, the last changed first. */
export interface AgentTasksQuery {
  readonly owner: string
  readonly server: string
  readonly context?: string | undefined
  readonly state?: TaskState | undefined
  /** Milliseconds since the epoch: those that changed at or after it. */
  readonly since?: number | undefined
  readonly after?: { readonly updatedAt: number; readonly id: string } | undefined
  readonly limit: number
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
  /** The same for tasks of agents, which are kept for longer. */
  readonly agentTasksPerOwner: number
  readonly agentTasks: number
  /** From its last change. */
  readonly agentTaskTtlMs: number
  /** Largest result of one task. */
  readonly resultBytes: number
  /** All results that are kept. */
  readonly allResultsBytes: number
  readonly ttlMs: number
  readonly maxTtlMs: number
}

export function isFinal(state: TaskState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'rejected'
}
