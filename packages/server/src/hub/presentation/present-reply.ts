import type { A2aTask, Message } from '../../a2a/index.ts'
import type { JsonObject } from '../../lib/json-rpc.ts'
import { EventFrame, type HubCall, type HubReply, type ReplyStream } from '../hub-call.ts'
import { Budget } from './budget.ts'
import { presentMessage, presentTask, type View } from './present-task.ts'
import { StreamView } from './stream-view.ts'

/**
 * A reply that puts what it is given as its reader takes it. It stands behind everything that is kept or shared: the task
 * in the store, and other readers of the same stream, have the agent's own.
 */
export function presentReply(call: HubCall, reply: HubReply): HubReply {
  const { wish, agent, operation } = call
  if (wish?.isConverted !== true) return reply
  return {
    result: (result) => reply.result(presentResult({ wish, agent, budget: new Budget() }, operation, result)),
    fail: (error) => reply.fail(error),
    stream: (onLeft) => presentStream({ wish, agent }, reply.stream(onLeft)),
  }
}

function presentResult(view: View, operation: HubCall['operation'], result: JsonObject): JsonObject {
  const task = (one: unknown) => presentTask(view, one as A2aTask) as unknown as JsonObject
  if (operation === 'ListTasks') return { ...result, tasks: (result['tasks'] as unknown[]).map(task) }
  if (operation !== 'SendMessage') return task(result)
  if ('task' in result) return { task: task(result['task']) }
  return { message: presentMessage(view, result['message'] as Message, false) }
}

function presentStream(view: Omit<View, 'budget'>, stream: ReplyStream): ReplyStream {
  const seen = new StreamView(view)
  return {
    send: (frame) => seen.take(frame.event).every((event) => stream.send(new EventFrame(event))),
    end() {
      for (const event of seen.end()) stream.send(new EventFrame(event))
      stream.end()
    },
    fail: (error) => stream.fail(error),
  }
}
