import type { TaskState } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../../lib/json-rpc.ts'
import type { Task } from '../../tasks/index.ts'
import { toLegacyOutcome } from '../translate.ts'
import type { TaskRun } from './task-run.ts'
import { RELATED_TASK } from './tasks-extension.ts'

/** A task as 2026-07-28 tells of it (SEP-2663, Tasks), without what belongs to its state. */
export function toModernTask(task: Task, run: TaskRun | undefined): JsonObject {
  const message = messageOf(task, run)
  return {
    taskId: task.id,
    status: stateOf(task, run),
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: iso(task.createdAt),
    lastUpdatedAt: iso(task.updatedAt),
    ttlMs: task.ttlMs,
    pollIntervalMs: task.pollIntervalMs,
  }
}

/** The same with its questions, its result or its error (SEP-2663, `DetailedTask`). */
export function toDetailedTask(
  task: Task,
  run: TaskRun | undefined,
  outcome: Outcome | undefined,
): JsonObject {
  const base = toModernTask(task, run)
  if (base['status'] === 'input_required') return { ...base, inputRequests: run?.inputRequests ?? {} }
  if (task.state === 'completed' && outcome && 'result' in outcome)
    return { ...base, result: { resultType: 'complete', ...withoutRelation(outcome.result) } }
  if (task.state === 'failed')
    return { ...base, error: outcome && 'error' in outcome ? outcome.error : unknownEnd(task) }
  return base
}

/** A task as 2025-11-25 tells of it (Tasks: Task). A tool's own error counts as failed there. */
export function toLegacyTask(task: Task, run: TaskRun | undefined): JsonObject {
  const message = messageOf(task, run)
  return {
    taskId: task.id,
    status: task.isToolError ? 'failed' : stateOf(task, run),
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: iso(task.createdAt),
    lastUpdatedAt: iso(task.updatedAt),
    ttl: task.ttlMs,
    pollInterval: task.pollIntervalMs,
  }
}

/** What `tasks/result` answers: exactly what the request would have come to, and which task it was. */
export function toLegacyResult(task: Task, outcome: Outcome | undefined): Outcome {
  if (task.state === 'cancelled') return { error: { code: -32603, message: 'The task was cancelled.' } }
  if (!outcome) return { error: unknownEnd(task) }
  const legacy = toLegacyOutcome(outcome)
  return 'error' in legacy ? legacy : { result: related(legacy.result, task.id) }
}

/** A message that belongs to the task (MCP 2025-11-25, Tasks: Associating Task-Related Messages). */
export function related(params: JsonObject | undefined, taskId: string): JsonObject {
  const meta = isObject(params?.['_meta']) ? params['_meta'] : {}
  return { ...params, _meta: { ...meta, [RELATED_TASK]: { taskId } } }
}

/** The relation names the id of the server's own task, and is redundant beside ours. */
export function withoutRelation(result: JsonObject): JsonObject {
  if (!isObject(result['_meta']) || !Object.hasOwn(result['_meta'], RELATED_TASK)) return result
  const { [RELATED_TASK]: _relation, ...meta } = result['_meta']
  const { _meta, ...rest } = result
  return Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest
}

function stateOf(task: Task, run: TaskRun | undefined): TaskState {
  // A question that has just been answered may still stand on disk as open.
  return task.state === 'input_required' && run?.isAsking !== true ? 'working' : task.state
}

function messageOf(task: Task, run: TaskRun | undefined): string | undefined {
  return run?.message ?? task.message
}

function unknownEnd(task: Task) {
  return { code: -32603, message: task.message ?? 'The task failed.' }
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
