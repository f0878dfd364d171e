import { z } from 'zod'
import { TASK_STATES } from '../task-state.ts'
import { idOf, instant, nextPage, pageQuery, type ApiRoute } from './api-route.ts'

/** What a task came to is for its owner alone, over the protocol it was made with. */
export const taskView = z.object({
  id: idOf('task'),
  state: z.enum(TASK_STATES),
  /** For people: what it does, or why it ended. */
  message: z.string().nullable(),
  protocol: z.enum(['mcp', 'a2a']),
  /** The name of the server, or of the agent. */
  server: z.string(),
  capability: z.string(),
  /** The conversation that a task of an agent belongs to. */
  context: z.string().nullable(),
  person: idOf('person').nullable(),
  app: idOf('app').nullable(),
  /** Under which it runs; it ends with it. */
  grant: idOf('grant').nullable(),
  /** Whether the server runs it itself, and goes on when the hub does not. */
  isElsewhere: z.boolean(),
  createdAt: instant,
  updatedAt: instant,
  /** When it is forgotten, and cancelled if it still runs. */
  expiresAt: instant,
})

export const taskDetail = z.object({
  task: taskView,
  /** In the order they happened. */
  events: z.array(
    z.object({
      seq: z.number(),
      at: instant,
      state: z.enum(TASK_STATES),
      message: z.string().nullable(),
    }),
  ),
})

export type TaskView = z.infer<typeof taskView>
export type TaskDetail = z.infer<typeof taskDetail>

const TASK = '/api/tasks/{task}'
const MY_TASK = '/api/me/tasks/{task}'
const taskList = z.object({ tasks: z.array(taskView), next: nextPage })
const unfinished = z.enum(['true', 'false']).optional().describe('Only those that have not ended.')

/** What goes on when nobody waits on the line for it. */
export const taskRoutes = {
  listTasks: {
    method: 'GET',
    path: '/api/tasks',
    summary: 'Tasks, newest first',
    action: 'tasks.read',
    query: pageQuery.extend({
      person: idOf('person').optional().describe('In whose name it runs.'),
      unfinished,
    }),
    response: taskList,
  },
  showTask: {
    method: 'GET',
    path: TASK,
    summary: 'One task, and what happened to it',
    action: 'tasks.read',
    response: taskDetail,
  },
  cancelTask: {
    method: 'DELETE',
    path: TASK,
    summary: 'Cancel a task; one that has ended is left as it is',
    action: 'tasks.manage',
    response: taskView,
  },
  listMyTasks: {
    method: 'GET',
    path: '/api/me/tasks',
    summary: 'What goes on in my name',
    action: 'me.read',
    query: pageQuery.extend({ unfinished }),
    response: taskList,
  },
  showMyTask: {
    method: 'GET',
    path: MY_TASK,
    summary: 'One task in my name, and what happened to it',
    action: 'me.read',
    response: taskDetail,
  },
  cancelMyTask: {
    method: 'DELETE',
    path: MY_TASK,
    summary: 'Cancel a task in my name; one that has ended is left as it is',
    action: 'me.manage',
    response: taskView,
  },
} as const satisfies Record<string, ApiRoute>
