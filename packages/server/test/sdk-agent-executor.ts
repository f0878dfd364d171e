import {
  AgentEvent,
  STATE_HEADERS_KEY,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server'
import { Message, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk'

type Json = Record<string, unknown>

/**
 * What the agent of `sdk-agent.ts` does, by the first word of a message:
 *
 * - `echo WORDS` answers with a message; `headers` with one that has the headers it got as data; `extensions` with
 *   those that were asked for
 * - `chunks N [BYTES]` completes a task whose artifact comes in N chunks; `parts` gives the message's own parts back
 * - `ask` wants input, `auth` wants authentication, then completes at the next message
 * - `slow MS` works so long and completes; `wait` works until it is cancelled
 * - `fail` and `reject` end so; `crash` throws
 */
export class SdkAgentExecutor implements AgentExecutor {
  /** Texts of the messages that came, in order. */
  readonly received: string[] = []
  /** Tasks that `cancelTask` was asked to end. */
  readonly cancelled: string[] = []
  readonly #waiting = new Map<string, () => void>()

  readonly cancelTask = async (taskId: string, bus: ExecutionEventBus): Promise<void> => {
    this.cancelled.push(taskId)
    const end = this.#waiting.get(taskId)
    if (end) end()
    else bus.publish(status({ taskId, contextId: '' }, 'TASK_STATE_CANCELED'))
  }

  async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const { taskId, contextId, userMessage } = context
    const asked = Message.toJSON(userMessage) as { parts: Json[]; messageId: string }
    const text = String(asked.parts.find((part) => 'text' in part)?.['text'] ?? '')
    this.received.push(text)
    const [word = '', ...rest] = text.split(' ')
    const ids = { taskId, contextId }
    const say = (parts: Json[]) =>
      bus.publish(
        AgentEvent.message(
          Message.fromJSON({ messageId: `answer-${asked.messageId}`, contextId, role: 'ROLE_AGENT', parts }),
        ),
      )
    if (word === 'echo') return say([{ text: rest.join(' ') }])
    if (word === 'headers')
      return say([
        { data: Object.fromEntries(Object.entries(headersOf(context)).map(([k, v]) => [k, String(v)])) },
      ])
    if (word === 'extensions')
      return say([{ data: { uris: [...(context.context.requestedExtensions ?? [])] } }])
    if (word === 'crash') throw new Error('the agent crashed')
    const task = { id: taskId, contextId, status: { state: 'TASK_STATE_SUBMITTED', timestamp: now() } }
    bus.publish(AgentEvent.task(context.task ?? Task.fromJSON({ ...task, history: [asked] })))
    await this.#work({ word, rest, parts: asked.parts, ids, isAnswer: context.task !== undefined }, bus)
  }

  async #work(
    asked: { word: string; rest: string[]; parts: Json[]; ids: Ids; isAnswer: boolean },
    bus: ExecutionEventBus,
  ): Promise<void> {
    const { word, rest, parts, ids, isAnswer } = asked
    if (word === 'reject') return void bus.publish(status(ids, 'TASK_STATE_REJECTED', 'not my work'))
    bus.publish(status(ids, 'TASK_STATE_WORKING', 'working'))
    if (word === 'fail') return void bus.publish(status(ids, 'TASK_STATE_FAILED', 'it broke'))
    if (word === 'ask' && !isAnswer)
      return void bus.publish(status(ids, 'TASK_STATE_INPUT_REQUIRED', 'which one?'))
    if (word === 'auth' && !isAnswer)
      return void bus.publish(status(ids, 'TASK_STATE_AUTH_REQUIRED', 'sign in'))
    if (word === 'slow') await new Promise((resolve) => setTimeout(resolve, Number(rest[0])))
    if (word === 'wait') {
      await new Promise<void>((resolve) => this.#waiting.set(ids.taskId, resolve))
      this.#waiting.delete(ids.taskId)
      return void bus.publish(status(ids, 'TASK_STATE_CANCELED'))
    }
    if (word === 'parts') bus.publish(artifact(ids, { parts, isAppended: false, isLast: true }))
    const count = word === 'chunks' ? Number(rest[0]) : 0
    const padding = 'x'.repeat(Number(rest[1] ?? 0))
    for (let at = 0; at < count; at++) {
      const chunk = [{ text: `${at}${padding}` }]
      bus.publish(artifact(ids, { parts: chunk, isAppended: at > 0, isLast: at === count - 1 }))
    }
    bus.publish(status(ids, 'TASK_STATE_COMPLETED'))
  }
}

interface Ids {
  readonly taskId: string
  readonly contextId: string
}

function status(ids: Ids, state: string, words?: string) {
  const message = words && {
    messageId: `said-${ids.taskId}-${state}`,
    role: 'ROLE_AGENT',
    ...ids,
    parts: [{ text: words }],
  }
  return AgentEvent.statusUpdate(
    TaskStatusUpdateEvent.fromJSON({
      ...ids,
      status: { state, timestamp: now(), ...(message && { message }) },
    }),
  )
}

function artifact(ids: Ids, chunk: { parts: Json[]; isAppended: boolean; isLast: boolean }) {
  return AgentEvent.artifactUpdate(
    TaskArtifactUpdateEvent.fromJSON({
      ...ids,
      artifact: { artifactId: 'result', name: 'Result', parts: chunk.parts },
      append: chunk.isAppended,
      lastChunk: chunk.isLast,
    }),
  )
}

function headersOf(context: RequestContext): Json {
  return (context.context.state.get(STATE_HEADERS_KEY) ?? {}) as Json
}

function now(): string {
  return new Date().toISOString()
}
