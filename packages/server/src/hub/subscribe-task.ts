import { ParleyError } from '@parley/contract'
import { isFinal, type Task } from '../tasks/index.ts'
import type { HubCall, HubReply } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { noTask } from './task-names.ts'

/** `SubscribeToTask` (specification §3.1.6): the task as it stands, and what comes of it. */
export async function subscribeTask(hub: HubState, call: HubCall, reply: HubReply): Promise<void> {
  const id = String(call.request['id'])
  const task = hub.names.find({ owner: call.owner, agent: call.agent.name }, id)
  const isOver = hub.mirrors.find(task.id)?.isOver ?? isFinal(task.state)
  if (isOver)
    throw new ParleyError('unsupported_operation', 'The task has ended: GetTask tells what it came to.', {
      data: { taskId: id },
    })
  await followFor(hub, task, reply)
}

/** Streams a task to one more reader; one that has ended is told as it is. */
export async function followFor(hub: HubState, task: Task, reply: HubReply): Promise<void> {
  const mirror = hub.mirrors.of(task)
  if (!mirror) throw noTask(task.id)
  hub.mirrors.follow(mirror)
  const stream = reply.stream(() => mirror.leave(stream))
  await mirror.join(stream)
}
