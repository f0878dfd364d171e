import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import type { UpstreamInfo } from '../../upstream/index.ts'
import type { Call } from '../call.ts'
import { LEGACY, META } from '../protocol.ts'

/** The extension of MCP 2026-07-28 (SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

/** The `_meta` key by which messages of 2025-11-25 belong to a task (Tasks: Related Task Metadata). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task'

/** What a 2025-11-25 server that runs tools as tasks declares. */
export const LEGACY_TASKS = { list: {}, cancel: {}, requests: { tools: { call: {} } } } as const

const TASK_METHODS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/update', 'tasks/cancel'])

export function isTaskMethod(method: string): boolean {
  return TASK_METHODS.has(method)
}

/**
 * Whether this very request says that its client can be answered with a task. A client that says nothing costs a
 * comparison of lengths.
 */
export function declaresTasks(call: Pick<Call, 'envelope'>): boolean {
  if (call.envelope.sizeBytes(META.clientCapabilities) < TASKS_EXTENSION.length) return false
  const span = call.envelope.span(META.clientCapabilities)!
  if (!call.envelope.bytes.subarray(span.start, span.end).includes(TASKS_EXTENSION)) return false
  const capabilities = call.envelope.value(META.clientCapabilities)
  return isObject(capabilities) && hasExtension(capabilities)
}

export function hasExtension(capabilities: JsonObject): boolean {
  const { extensions } = capabilities
  return isObject(extensions) && isObject(extensions[TASKS_EXTENSION])
}

export function withExtension(capabilities: JsonObject): JsonObject {
  const own = isObject(capabilities['extensions']) ? capabilities['extensions'] : {}
  return { ...capabilities, extensions: { ...own, [TASKS_EXTENSION]: {} } }
}

/** -32021, as the extension wants it (Capability Negotiation). */
export function missingTasks(): ParleyError {
  return new ParleyError('missing_capability', 'Missing required client capability', {
    data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  })
}

/** Whether a server runs tools as tasks itself, by its own word. */
export function runsTasks({ era, capabilities }: UpstreamInfo): boolean {
  if (era !== LEGACY) return hasExtension(capabilities)
  const tasks = capabilities['tasks']
  const requests = isObject(tasks) ? tasks['requests'] : undefined
  const tools = isObject(requests) ? requests['tools'] : undefined
  return isObject(tools) && isObject(tools['call'])
}

export type TaskSupport = 'required' | 'optional' | 'forbidden' | undefined

/** What a tool's definition says (MCP 2025-11-25, Tasks: Tool-Level Negotiation). */
export function taskSupportOf(definition: JsonObject | undefined): TaskSupport {
  const execution = definition?.['execution']
  const support = isObject(execution) ? execution['taskSupport'] : undefined
  return support === 'required' || support === 'optional' || support === 'forbidden' ? support : undefined
}
