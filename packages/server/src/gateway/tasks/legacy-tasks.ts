import {
  ASK_AGENT,
  CALL_TOOL,
  FIND_AGENTS,
  FIND_TOOLS,
  ParleyError,
  isId,
  type TaskId,
} from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../../lib/json-rpc.ts'
import { isFinal, ownerOf, type Task } from '../../tasks/index.ts'
import type { UpstreamInfo } from '../../upstream/index.ts'
import type { GatewayTools, Target } from '../call.ts'
import type { Turn } from '../legacy-exchange.ts'
import type { LegacySession } from '../legacy-session.ts'
import { LEGACY, MODERN } from '../protocol.ts'
import { toLegacyQuestion, toModernParams } from '../translate.ts'
import { TASK_PATIENCE_MS } from './call-as-task.ts'
import { findTask, isReadable } from './find-task.ts'
import { openCallFor } from './open-call-for.ts'
import type { Question, TaskRun } from './task-run.ts'
import { newTaskOf } from './task-runs.ts'
import { related, toLegacyResult, toLegacyTask } from './task-view.ts'
import { LEGACY_TASKS, runsTasks, taskSupportOf, withExtension } from './tasks-extension.ts'

/**
 * Whose rules a session's tasks follow: `hub`, where any tool may be run as one; `server`, where its definitions say which; or
 * `none`.
 */
export type TaskOffer = 'hub' | 'server' | 'none'

/**
 * On the endpoint of a single server a client finds what the server offers, and tasks of the hub's besides only when it says that it
 * knows tasks itself.
 */
export function offerOf(info: UpstreamInfo | undefined, capabilities: JsonObject): TaskOffer {
  if (!info) return 'hub'
  if (runsTasks(info)) return info.era === LEGACY ? 'server' : 'hub'
  return isObject(capabilities['tasks']) ? 'hub' : 'none'
}

/** The capabilities as `initialize` tells of them. */
export function withTasks(capabilities: JsonObject, offer: TaskOffer): JsonObject {
  return offer === 'hub' ? { ...capabilities, tasks: LEGACY_TASKS } : capabilities
}

/** `tools/list` says of every tool that it may be a task, where the hub runs it as one. */
export function markList({ session, call }: Turn, outcome: Outcome): Outcome {
  if (session.taskOffer !== 'hub' || call.method !== 'tools/list' || 'error' in outcome) return outcome
  const { tools } = outcome.result
  return Array.isArray(tools) ? { result: { ...outcome.result, tools: markTools(tools) } } : outcome
}

function markTools(items: readonly unknown[]): readonly unknown[] {
  return items.map((tool) => {
    if (!isObject(tool) || taskSupportOf(tool) !== undefined || isSearchTool(tool)) return tool
    const execution = isObject(tool['execution']) ? tool['execution'] : {}
    return { ...tool, execution: { ...execution, taskSupport: 'optional' } }
  })
}

/** What the hub answers itself is done at once. */
function isSearchTool({ name }: JsonObject): boolean {
  return [FIND_TOOLS, CALL_TOOL, FIND_AGENTS, ASK_AGENT].some((own) => own === name)
}

/** Whether this call is to be a task. Throws -32601 where the tool may not (MCP 2025-11-25, Tool-Level Negotiation). */
export function wantsTask({ session }: Turn, target: Target, params: JsonObject): boolean {
  if (session.taskOffer === 'none' || target.kind !== 'tool' || !isObject(params['task'])) return false
  const support = taskSupportOf(target.entry.catalog.tools.get(target.name)?.body)
  if (support === 'forbidden' || (support === undefined && session.taskOffer === 'server'))
    throw new ParleyError('method_not_found', 'This tool cannot be run as a task.')
  return true
}

/** A `tools/call` as a task: answered at once, and carried out when it is on disk. */
export async function startTask(turn: Turn, target: Target, params: JsonObject): Promise<Outcome> {
  const { tools, session, call } = turn
  const { task: wish, ...plain } = params
  const ttl = isObject(wish) ? wish['ttl'] : undefined
  const ttlMs = typeof ttl === 'number' && ttl > 0 ? ttl : undefined
  const wanted = newTaskOf(call, target.entry.name, { ttlMs })
  const { capabilities, clientInfo } = session
  const [task, run] = await session.runs.take(wanted, { capabilities, clientInfo }, () =>
    openFor(turn, target, plain),
  )
  run.onNotification = ({ method, params: said }) => session.push({ method, params: related(said, task.id) })
  tellOfTasks(tools, session, task)
  return { result: { task: toLegacyTask(task, run) } }
}

async function openFor({ session, call }: Turn, { entry, name }: Target, params: JsonObject) {
  const info = await entry.upstream.info()
  const { capabilities, clientInfo, logLevel } = session.terms
  const declared = runsTasks(info) ? withExtension(capabilities) : capabilities
  return openCallFor(session.runs.ways, {
    entry,
    principal: call.principal,
    terms: { capabilities, clientInfo },
    params:
      info.era === MODERN ? toModernParams(params, { capabilities: declared, clientInfo, logLevel }) : params,
    patienceMs: TASK_PATIENCE_MS,
    notify: () => {},
    tool: name,
    ttlMs: TASK_PATIENCE_MS,
  })
}

/** `notifications/tasks/status` for the tasks of this session, from the first on. */
function tellOfTasks(tools: GatewayTools, session: LegacySession, task: Task): void {
  if (session.tasks.size === 0) {
    const unfollow = tools.tasks.onChange((changed) => {
      if (!session.tasks.has(changed.id)) return
      if (isFinal(changed.state)) session.tasks.delete(changed.id)
      if (session.tasks.size === 0) unfollow()
      const params = toLegacyTask(changed, session.runs.find(changed.id))
      session.push({ method: 'notifications/tasks/status', params })
    })
    session.onClose(unfollow)
  }
  session.tasks.add(task.id)
}

/** `tasks/get|result|list|cancel` of 2025-11-25. */
export async function serveLegacyTaskMethod(turn: Turn, params: JsonObject): Promise<Outcome> {
  const { tools, session, call } = turn
  if (call.method === 'tasks/list') return listTasks(turn, params['cursor'])
  const task = findTask(tools, call, params['taskId'])
  if (call.method === 'tasks/result') return awaitResult(turn, task)
  if (call.method === 'tasks/get') return { result: toLegacyTask(task, session.runs.find(task.id)) }
  if (isFinal(task.state)) throw alreadyEnded(task)
  const message = 'The task was cancelled by request.'
  const cancelled = await tools.tasks.change(task.id, { state: 'cancelled', message })
  if (!cancelled) throw alreadyEnded(tools.tasks.findAny(task.id) ?? task)
  return { result: toLegacyTask(cancelled, undefined) }
}

export function isLegacyTaskMethod(method: string): boolean {
  return ['tasks/get', 'tasks/result', 'tasks/list', 'tasks/cancel'].includes(method)
}

function alreadyEnded({ state }: Task): ParleyError {
  return new ParleyError('invalid_params', `Cannot cancel task: already in terminal status '${state}'`)
}

const PAGE = 50

function listTasks({ tools, session, call }: Turn, cursor: unknown): Outcome {
  if (cursor !== undefined && !(typeof cursor === 'string' && isId('task', cursor)))
    throw new ParleyError('invalid_params', 'params.cursor is none of ours.')
  const page = tools.tasks.list(ownerOf(call.principal), cursor as TaskId | undefined, PAGE)
  const shown = page.tasks.filter((task) => isReadable(tools, call, task))
  return {
    result: {
      tasks: shown.map((task) => toLegacyTask(task, session.runs.find(task.id))),
      ...(page.next === undefined ? {} : { nextCursor: page.next }),
    },
  }
}

/** Waits for the end, and asks on the way what there is to ask (MCP 2025-11-25, Tasks: Input Required Status). */
async function awaitResult(turn: Turn, task: Task): Promise<Outcome> {
  const { tools, session, signal } = turn
  const run = session.runs.find(task.id)
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      if (run) askOpen(turn, run)
      if (isFinal(tools.tasks.findAny(task.id)?.state ?? 'failed')) end(resolve)
    }
    const unwatch = tools.tasks.watch(task.id, look)
    const unfollow = run?.watch(look)
    const onAbort = () => end(() => reject(signal.reason as Error))
    const end = (then: () => void) => {
      unwatch()
      unfollow?.()
      signal.removeEventListener('abort', onAbort)
      then()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    look()
  })
  const ended = tools.tasks.findAny(task.id)
  return ended
    ? toLegacyResult(ended, tools.tasks.outcomeOf(task.id))
    : { error: { code: -32602, message: 'Task not found' } }
}

/** Puts to the client what nobody is being asked yet. */
function askOpen({ tools, session, reply, signal }: Turn, run: TaskRun): void {
  for (const [key, question] of Object.entries(run.inputRequests) as [string, Question][]) {
    if (run.asked.has(key)) continue
    run.asked.add(key)
    const { method, params } = toLegacyQuestion(question, tools.newId)
    session.ask({ method, params: related(params, run.id) }, reply, signal).then(
      (outcome) => {
        if ('result' in outcome) run.answer({ [key]: outcome.result })
        else run.refuse(key, outcome)
      },
      // The request ended; the next one asks again.
      () => run.asked.delete(key),
    )
  }
}
