import type { KeyObject } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import type { A2aTask, Message, SendMessageRequest, StreamResponse } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Task, Tasks } from '../tasks/index.ts'
import { ContextIds, deriveKey, markOf, type ContextName } from './context-ids.ts'

/** How an agent finds a task and its context: the names it gave them. */
export interface ForeignTask {
  readonly taskId: string
  readonly contextId: string
}

/** Both names of a task and of its context. */
export interface TaskName {
  readonly ours: { readonly id: string; readonly contextId: string }
  readonly foreign: ForeignTask
}

type Caller = { readonly owner: string; readonly agent: string }

const MAX_ID_LENGTH = 512

/** The names that tasks and contexts have on either side: an agent never sees ours, a client never sees an agent's. */
export class TaskNames {
  readonly contexts: ContextIds
  readonly #markKey: KeyObject
  readonly #tasks: Pick<Tasks, 'find' | 'upstreamRefOf'>

  constructor(key: Uint8Array, tasks: Pick<Tasks, 'find' | 'upstreamRefOf'>) {
    this.contexts = new ContextIds(key)
    this.#markKey = deriveKey(key, 'task mark')
    this.#tasks = tasks
  }

  /** By which the task is found from the agent's id of it. */
  foreignKey({ owner, agent }: Caller, taskId: string): string {
    if (taskId.length > MAX_ID_LENGTH)
      throw new ParleyError('upstream_invalid', 'The agent names its task by too long an id.')
    return markOf(this.#markKey, 'task', owner, agent, taskId)
  }

  /** By which a message is known again (H8). */
  messageKey({ owner, agent }: Caller, messageId: string): string {
    return markOf(this.#markKey, 'message', owner, agent, messageId)
  }

  /** Of a question for a list, by which the pages of its answer are known again. */
  pageMark(filter: object): string {
    return markOf(this.#markKey, 'page', JSON.stringify(filter))
  }

  /** The caller's own task, else `task_not_found`: foreign ones are not looked at (H2). */
  find({ owner, agent }: Caller, id: string): Task {
    const task = this.#tasks.find(owner, 'a2a', id)
    if (!task || task.server !== agent) throw noTask(id)
    return task
  }

  /** Where the agent has it; undefined for a task that has not reached it yet. */
  foreignOf(task: Task): ForeignTask | undefined {
    return this.#tasks.upstreamRefOf(task.id) as unknown as ForeignTask | undefined
  }

  nameOf(task: Task): TaskName | undefined {
    const foreign = this.foreignOf(task)
    return foreign && { ours: { id: task.id, contextId: task.context! }, foreign }
  }

  /** The caller's message as the agent is to read it: its names of what it refers to, and nothing that is ours. */
  toAgent(
    request: SendMessageRequest,
    caller: Caller,
    { context, task }: { context: ContextName | undefined; task: ForeignTask | undefined },
  ): JsonObject {
    const { tenant: _tenant, configuration, ...rest } = request
    const { taskPushNotificationConfig: _push, ...asked } = configuration ?? {}
    const { contextId: _context, taskId: _task, referenceTaskIds, ...message } = request.message
    const contextId = task?.contextId ?? context?.foreign
    return {
      ...rest,
      message: {
        ...message,
        ...(contextId !== undefined && { contextId }),
        ...(task && { taskId: task.taskId }),
        ...(referenceTaskIds && {
          referenceTaskIds: referenceTaskIds.map((id) => this.#refer(caller, id)),
        }),
      },
      ...(Object.keys(asked).length > 0 && { configuration: asked }),
    }
  }

  /** H5: only the caller's own tasks can be referred to; those of other agents keep our name. */
  #refer({ owner, agent }: Caller, id: string): string {
    const task = this.#tasks.find(owner, 'a2a', id)
    if (!task) throw noTask(id)
    return task.server === agent ? (this.foreignOf(task)?.taskId ?? id) : id
  }
}

/** An agent's task under our names. */
export function renameTask(task: A2aTask, { ours, foreign }: TaskName): A2aTask {
  const { status, history } = task
  return {
    ...task,
    ...ours,
    status: status.message
      ? { ...status, message: renameMessage(status.message, { ours, foreign }) }
      : status,
    ...(history && { history: history.map((message) => renameMessage(message, { ours, foreign })) }),
  }
}

export function renameEvent(event: StreamResponse, name: TaskName): StreamResponse {
  if ('task' in event) return { task: renameTask(event.task, name) }
  if ('message' in event) return { message: renameMessage(event.message, name) }
  const { id: taskId, contextId } = name.ours
  if ('artifactUpdate' in event) return { artifactUpdate: { ...event.artifactUpdate, taskId, contextId } }
  const { status, ...rest } = event.statusUpdate
  const told = status.message ? { ...status, message: renameMessage(status.message, name) } : status
  return { statusUpdate: { ...rest, taskId, contextId, status: told } }
}

function renameMessage(message: Message, { ours, foreign }: TaskName): Message {
  const { contextId, taskId, referenceTaskIds } = message
  return {
    ...message,
    ...(contextId !== undefined && { contextId: ours.contextId }),
    ...(taskId !== undefined && { taskId: ours.id }),
    ...(referenceTaskIds && {
      referenceTaskIds: referenceTaskIds.map((id) => (id === foreign.taskId ? ours.id : id)),
    }),
  }
}

export function noTask(id: string): ParleyError {
  return new ParleyError('task_not_found', 'There is no such task.', {
    data: { taskId: id.slice(0, MAX_ID_LENGTH) },
  })
}
