import { setTimeout as sleep } from 'node:timers/promises'
import { Artifact, Message, SendMessageConfiguration, Task, TaskStatus } from '@a2a-js/sdk'
import { AgentEvent } from '@a2a-js/sdk/server'
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server'
import type { JsonObject } from '../wire/json.ts'
import { scriptFor } from './scripts.ts'
import type { Step } from './scripts.ts'

interface Place {
  readonly taskId: string
  readonly contextId: string
}

/** Does what `scripts.ts` says for a message; a task that endures ends when it is cancelled. */
export class ScriptedExecutor implements AgentExecutor {
  readonly #running = new Map<string, AbortController>()
  readonly #places = new Map<string, Place>()

  async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const place = { taskId: context.taskId, contextId: context.contextId }
    const script = scriptFor({
      message: Message.toJSON(context.userMessage) as JsonObject,
      configuration: (context.request.configuration === undefined
        ? {}
        : SendMessageConfiguration.toJSON(context.request.configuration)) as JsonObject,
      extensions: context.context.requestedExtensions ?? [],
      referenceTaskIds: (context.referenceTasks ?? []).map(({ id }) => id),
    })
    if (script.kind === 'message') {
      const { taskId: _none, ...own } = agentMessage(place, [...script.parts])
      bus.publish(AgentEvent.message(Message.fromJSON(own)))
      return
    }
    const stop = new AbortController()
    this.#running.set(place.taskId, stop)
    this.#places.set(place.taskId, place)
    // The SDK wants a task first, in later turns too.
    bus.publish(AgentEvent.task(context.task ?? newTask(place, context.userMessage)))
    for (const step of script.steps) {
      if (stop.signal.aborted) return
      await perform(step, { place, bus, signal: stop.signal })
    }
    this.#running.delete(place.taskId)
  }

  cancelTask = async (taskId: string, bus: ExecutionEventBus): Promise<void> => {
    this.#running.get(taskId)?.abort()
    this.#running.delete(taskId)
    publishState(bus, this.#places.get(taskId) ?? { taskId, contextId: '' }, { state: 'TASK_STATE_CANCELED' })
  }
}

async function perform(
  step: Step,
  { place, bus, signal }: { place: Place; bus: ExecutionEventBus; signal: AbortSignal },
): Promise<void> {
  if (step.do === 'wait') await pause(step.waitMs, signal)
  else if (step.do === 'endure') await pause(60_000, signal)
  else if (step.do === 'artifact')
    bus.publish(
      AgentEvent.artifactUpdate({
        ...place,
        artifact: Artifact.fromJSON(step.artifact),
        append: step.append ?? false,
        lastChunk: step.lastChunk ?? false,
        metadata: undefined,
      }),
    )
  else publishState(bus, place, step)
}

/** Ends early, without an error, when the task is cancelled. */
async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal, ref: false })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function publishState(bus: ExecutionEventBus, place: Place, said: { state: string; text?: string }): void {
  const { state, text } = said
  const status = {
    state,
    timestamp: new Date().toISOString(),
    ...(text === undefined ? {} : { message: agentMessage(place, [{ text }]) }),
  }
  bus.publish(AgentEvent.statusUpdate({ ...place, status: TaskStatus.fromJSON(status), metadata: undefined }))
}

function newTask({ taskId, contextId }: Place, message: Message): Task {
  const status = { state: 'TASK_STATE_SUBMITTED', timestamp: new Date().toISOString() }
  return { ...Task.fromJSON({ id: taskId, contextId, status }), history: [message] }
}

function agentMessage({ taskId, contextId }: Place, parts: JsonObject[]): JsonObject {
  return { messageId: crypto.randomUUID(), taskId, contextId, role: 'ROLE_AGENT', parts }
}
