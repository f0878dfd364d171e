import { ParleyError } from '@parley/contract'
import type { SendMessageRequest } from '../a2a/index.ts'
import { isFinal, type Task } from '../tasks/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { ContextName } from './context-ids.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { withWish } from './presentation/index.ts'

/** A message on its way to an agent. */
export interface Outgoing {
  /** As the client sent it. */
  readonly request: SendMessageRequest
  /** As the agent gets it. */
  readonly toAgent: JsonObject
  /** The context that the client named, or that of its task. */
  readonly context: ContextName | undefined
  /** The task that the message goes on with. */
  readonly task: Task | undefined
  readonly messageKey: string
}

const WEB_URL = /^https?:\/\//i

/** The task that the same message made or went to, when it was sent before (H8). */
export function sentBefore({ names, tools }: HubState, { owner, agent, request }: HubCall): Task | undefined {
  const { messageId } = (request as unknown as SendMessageRequest).message
  const task = tools.tasks.findByMessage(names.messageKey({ owner, agent: agent.name }, messageId))
  return task?.owner === owner ? task : undefined
}

/** Checks what a message refers to, and names it as the agent does. */
export function prepareSend({ names }: HubState, call: HubCall): Outgoing {
  const request = call.request as unknown as SendMessageRequest
  const { message } = request
  const caller = { owner: call.owner, agent: call.agent.name }
  const task = message.taskId === undefined ? undefined : names.find(caller, message.taskId)
  if (task) checkContinues(task, message.contextId)
  // H11: a file is named by an address of the web, whoever fetches it.
  for (const { url } of message.parts) {
    if (url !== undefined && !WEB_URL.test(url))
      throw new ParleyError('invalid_params', 'The url of a part must be an http or https address.')
  }
  const foreign = task && names.foreignOf(task)
  if (foreign?.taskId === '') throw waits(task!.id)
  const context = contextOf()
  const toAgent = names.toAgent(request, caller, { context, task: foreign })
  return {
    request,
    toAgent: call.wish ? withWish(toAgent, call.wish, call.agent) : toAgent,
    context,
    task,
    messageKey: names.messageKey(caller, message.messageId),
  }

  function contextOf(): ContextName | undefined {
    if (task && foreign) return { ours: task.context!, foreign: foreign.contextId }
    if (message.contextId === undefined) return undefined
    return names.contexts.ofClient(caller.owner, caller.agent, message.contextId)
  }
}

function checkContinues(task: Task, contextId: string | undefined): void {
  // §3.4.3: the context of a task is the task's.
  if (contextId !== undefined && contextId !== task.context)
    throw new ParleyError('invalid_params', 'The task belongs to another context than contextId names.')
  if (isFinal(task.state))
    throw new ParleyError(
      'unsupported_operation',
      'The task has ended and takes no more messages; begin another one in its context.',
      { data: { taskId: task.id } },
    )
}

function waits(taskId: string): ParleyError {
  return new ParleyError(
    'unsupported_operation',
    'The task waits for the consent that it asks for, and goes on by itself once the person has given it.',
    { data: { taskId } },
  )
}
