import { PAGE_SIZE, ParleyError, type PersonId, type TaskId } from '@parley/contract'
import { isFinal, type Task, type Tasks } from '../tasks/index.ts'
import type { ApiHandlers } from './handlers.ts'
import { meOf } from './me-handlers.ts'

export interface TaskTools {
  readonly tasks: Tasks
  /** Cancels a task of an agent, at the agent too; resolves once that is on disk. */
  readonly cancelAgentTask: (id: TaskId, words: string) => Promise<void>
}

const NONE = 'There is no such task.'

/** Tasks as administrators and those they run for see them: never what they came to. */
export function taskHandlers({ tasks, cancelAgentTask }: TaskTools) {
  const known = (id: TaskId, person?: PersonId): Task => {
    const task = tasks.findAny(id)
    // Another person's is not there.
    if (!task || (person !== undefined && task.principal.person !== person))
      throw new ParleyError('not_found', NONE)
    return task
  }
  const list = (
    query: { after?: string | undefined; unfinished?: string | undefined },
    person?: PersonId,
  ) => {
    const filter = { ...(person && { person }), unfinished: query.unfinished === 'true' }
    const page = tasks.listAll(filter, query.after as TaskId | undefined, PAGE_SIZE)
    return { tasks: page.tasks.map(view), next: page.next ?? null }
  }
  const detail = (task: Task) => ({
    task: view(task),
    events: tasks.events(task.id).map((event) => ({ ...event, message: event.message ?? null })),
  })
  const cancel = async (task: Task, message: string) => {
    if (isFinal(task.state)) return view(task)
    if (task.face === 'a2a') {
      await cancelAgentTask(task.id, message)
      return view(known(task.id))
    }
    const cancelled = await tasks.change(task.id, { state: 'cancelled', message })
    return view(cancelled ?? known(task.id))
  }
  return {
    listTasks: async ({ query }) => list(query, query.person),
    showTask: async ({ parameters }) => detail(known(parameters.task)),
    cancelTask: async ({ parameters }) => cancel(known(parameters.task), 'An administrator cancelled it.'),
    listMyTasks: async ({ principal, query }) => list(query, meOf(principal)),
    showMyTask: async ({ principal, parameters }) => detail(known(parameters.task, meOf(principal))),
    cancelMyTask: async ({ principal, parameters }) =>
      cancel(known(parameters.task, meOf(principal)), 'The person it ran for cancelled it.'),
  } satisfies Partial<ApiHandlers>
}

function view({ principal, ...task }: Task) {
  return {
    id: task.id,
    state: task.state,
    message: task.message ?? null,
    protocol: task.face === 'a2a' ? ('a2a' as const) : ('mcp' as const),
    server: task.server,
    capability: task.capability,
    context: task.context ?? null,
    person: principal.person ?? null,
    app: principal.app ?? null,
    grant: principal.grant ?? null,
    isElsewhere: task.isElsewhere,
    createdAt: task.createdAt,
    updatedAt: task.updatedAt,
    expiresAt: task.expiresAt,
  }
}
