import { ParleyError } from '@parley/contract'
import {
  isInterrupted,
  isTerminal,
  type A2aTask,
  type Message,
  type SendMessageRequest,
  type SendMessageResponse,
} from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { isFinal, type Task } from '../tasks/index.ts'
import { extensionsFor, tellCaller } from './caller-extension.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import type { KeptTask } from './mirrors.ts'
import { languageHeaders } from './presentation/index.ts'
import { wholeOf } from './whole-of.ts'
import { prepareSend, sentBefore, type Outgoing } from './prepare-send.ts'

/** `SendMessage` (specification §3.1.1): the agent's own answer, under our names, once it is kept. */
export async function sendMessage(hub: HubState, call: HubCall): Promise<JsonObject> {
  const before = sentBefore(hub, call)
  if (before) return { task: currentTask(hub, call, before) }
  const outgoing = prepareSend(hub, call)
  if (call.missing) {
    const held = await hub.held.hold(call, outgoing, call.missing)
    return { task: currentTask(hub, call, held) }
  }
  const answer = await hub.recent.once(outgoing.messageKey, () => exchange(hub, call, outgoing))
  return 'task' in answer ? { task: trim(answer['task'] as A2aTask, call) } : answer
}

/** One exchange with the agent. It is not broken off when the client leaves: what it begins belongs to the client. */
async function exchange(hub: HubState, call: HubCall, outgoing: Outgoing): Promise<JsonObject> {
  const release = hub.delegations.enter(call.principal, call.agent)
  let goesOn = false
  try {
    const answer = await askAgent(hub, call, outgoing.toAgent)
    if ('message' in answer)
      return { message: renameAnswer(hub, call, { message: answer.message, outgoing }) }
    const kept = await keepTask(hub, call, { foreign: answer.task, outgoing })
    const task = await settle(hub, kept, outgoing)
    goesOn = !isTerminal(task.status.state)
    if (goesOn) releaseAtEnd(hub, kept.task, release)
    return { task }
  } finally {
    if (!goesOn) release()
  }
}

/** What is under way counts until it has ended. */
export function releaseAtEnd({ tools }: HubState, { id }: Task, release: () => void): void {
  tools.tasks.watch(id, ({ state }) => {
    if (isFinal(state)) release()
  })
}

async function askAgent(hub: HubState, call: HubCall, request: JsonObject): Promise<SendMessageResponse> {
  const { agent, principal } = call
  if (agent.answer) return { message: agent.answer(principal, request['message'] as Message) }
  const headers = await hub.tools.credentialFor(agent, principal)
  const controller = new AbortController()
  hub.sending.set(controller, principal)
  try {
    const told = tellCaller(request, call, hub.tools)
    const answer = await agent.link().call('SendMessage', told, {
      headers: call.wish ? { ...headers, ...languageHeaders(call.wish) } : headers,
      extensions: extensionsFor(call),
      timeoutMs: hub.tools.limits.sendTimeoutMs,
      signal: controller.signal,
    })
    return answer as unknown as SendMessageResponse
  } finally {
    hub.sending.delete(controller)
  }
}

/** The task that an agent answered with, in the store, with what the client wants to be told of it. */
export async function keepTask(
  hub: HubState,
  call: HubCall,
  { foreign, outgoing, isStreaming = false }: { foreign: A2aTask; outgoing: Outgoing; isStreaming?: boolean },
): Promise<KeptTask> {
  const { agent, owner, principal, argumentsDigest } = call
  const kept = await hub.mirrors.adopt({
    principal,
    owner,
    agent,
    task: foreign,
    contextId: contextOf(hub, call, { foreign: foreign.contextId, outgoing }),
    capability: call.capability ?? wholeOf(agent.name),
    argumentsDigest,
    messageKey: outgoing.messageKey,
    config: outgoing.request.configuration?.taskPushNotificationConfig,
    version: call.version,
    isContinued: outgoing.task !== undefined,
  })
  if (!isStreaming && !isTerminal(kept.document.status.state)) hub.mirrors.follow(kept)
  return kept
}

/** A blocking send waits for the end, or for a question to the client (§3.2.2). */
async function settle(hub: HubState, kept: KeptTask, { request }: Outgoing): Promise<A2aTask> {
  const { state } = kept.document.status
  const isWaiting = request.configuration?.returnImmediately !== true
  if (!isWaiting || isTerminal(state) || isInterrupted(state)) return kept.document.toTask()
  const mirror = hub.mirrors.follow(kept)
  const timeout = new AbortController()
  const timer = hub.tools.clock.setTimeout(() => timeout.abort(), hub.tools.limits.sendTimeoutMs)
  await mirror.settled(timeout.signal).catch(() => undefined)
  timer.cancel()
  return mirror.snapshot()
}

function currentTask(hub: HubState, call: HubCall, task: Task): A2aTask {
  const document = hub.mirrors.documentOf(task)
  if (!document) throw new ParleyError('task_not_found', 'The task is not kept any more.')
  return trim(document.toTask(), call)
}

export function contextOf(
  { names }: HubState,
  { owner, agent }: HubCall,
  { foreign, outgoing }: { foreign: string; outgoing: Outgoing },
): string {
  const { context } = outgoing
  if (context && context.foreign === foreign) return context.ours
  return names.contexts.ofAgent(owner, agent.name, foreign).ours
}

/** A message that answers without a task; one that names a task names it as we do. */
export function renameAnswer(
  hub: HubState,
  call: HubCall,
  { message, outgoing }: { message: Message; outgoing: Outgoing },
): Message {
  const { contextId, taskId, ...rest } = message
  const key = taskId && hub.names.foreignKey({ owner: call.owner, agent: call.agent.name }, taskId)
  const task = key ? hub.tools.tasks.findByForeignKey(key) : undefined
  return {
    ...rest,
    ...(contextId !== undefined && { contextId: contextOf(hub, call, { foreign: contextId, outgoing }) }),
    ...(task && { taskId: task.id }),
  }
}

function trim(task: A2aTask, { request }: HubCall): A2aTask {
  const length = (request as unknown as SendMessageRequest).configuration?.historyLength
  if (length === undefined || !task.history) return task
  const { history, ...rest } = task
  return length === 0 ? rest : { ...rest, history: history.slice(-length) }
}
