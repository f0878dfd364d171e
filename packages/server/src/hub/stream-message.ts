import { ParleyError, toParleyError } from '@parley/contract'
import type { A2aTask, StreamResponse } from '../a2a/index.ts'
import type { OpenedStream } from '../a2a-client/index.ts'
import { extensionsFor, tellCaller } from './caller-extension.ts'
import { EventFrame, type HubCall, type HubReply, type ReplyStream } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import type { Mirror } from './mirror.ts'
import { languageHeaders } from './presentation/index.ts'
import { prepareSend, sentBefore, type Outgoing } from './prepare-send.ts'
import { keepTask, releaseAtEnd, renameAnswer, sendMessage } from './send-message.ts'
import { followFor } from './subscribe-task.ts'

/** `SendStreamingMessage` (specification §3.1.2). Resolves when the stream has begun. */
export async function streamMessage(hub: HubState, call: HubCall, reply: HubReply): Promise<void> {
  const before = sentBefore(hub, call)
  if (before) return followFor(hub, before, reply)
  const outgoing = prepareSend(hub, call)
  if (call.missing) return followFor(hub, await hub.held.hold(call, outgoing, call.missing), reply)
  if (call.agent.card.capabilities.streaming !== true) return streamUnary(hub, call, reply)
  const headers = await hub.tools.credentialFor(call.agent, call.principal)
  await new Promise<void>((resolve, reject) => {
    const relay = new Relay(hub, call, { outgoing, reply, begun: resolve, refused: reject })
    relay.open(headers)
  })
}

/** An agent without streams: it is sent the message, and its task is looked at. */
async function streamUnary(hub: HubState, call: HubCall, reply: HubReply): Promise<void> {
  const request = call.request
  const configuration = { ...(request['configuration'] as object), returnImmediately: true }
  const answer = await sendMessage(hub, { ...call, request: { ...request, configuration } })
  if ('task' in answer) {
    const task = hub.tools.tasks.findAny((answer['task'] as A2aTask).id)!
    return followFor(hub, task, reply)
  }
  const stream = reply.stream(() => {})
  stream.send(new EventFrame(answer as StreamResponse))
  stream.end()
}

interface RelayEnds {
  readonly outgoing: Outgoing
  readonly reply: HubReply
  readonly begun: () => void
  readonly refused: (error: unknown) => void
}

/** The stream of one message, from its first event to the mirror that takes over. */
class Relay {
  readonly #hub: HubState
  readonly #call: HubCall
  readonly #ends: RelayEnds
  /** What comes while the task is being kept. */
  readonly #early: StreamResponse[] = []
  #stream: OpenedStream | undefined
  #mirror: Mirror | undefined
  #reader: ReplyStream | undefined
  #state: 'waiting' | 'keeping' | 'relaying' | 'over' = 'waiting'
  #isEnded = false
  /** The agent has answered. */
  #release: () => void = () => {}
  /** Nothing of it is under way any more (H9). */
  #giveBack: () => void = () => {}

  constructor(hub: HubState, call: HubCall, ends: RelayEnds) {
    this.#hub = hub
    this.#call = call
    this.#ends = ends
  }

  open(headers: Readonly<Record<string, string>>): void {
    const { agent, principal } = this.#call
    this.#giveBack = this.#hub.delegations.enter(principal, agent)
    const controller = new AbortController()
    this.#hub.sending.set(controller, principal)
    const { task } = this.#ends.outgoing
    if (task) this.#hub.mirrors.leave(task.id)
    this.#stream = agent.link().stream(
      'SendStreamingMessage',
      tellCaller(this.#ends.outgoing.toAgent, this.#call, this.#hub.tools),
      {
        onEvent: (event) => this.#take(event),
        onEnd: () => this.#end(undefined),
        onError: (error) => this.#end(error),
      },
      {
        headers: { ...headers, ...languageHeaders(this.#call.wish) },
        extensions: extensionsFor(this.#call),
        timeoutMs: this.#hub.tools.limits.sendTimeoutMs,
        signal: controller.signal,
      },
    )
    this.#release = () => this.#hub.sending.delete(controller)
  }

  #take(event: StreamResponse): void {
    if (this.#state === 'relaying') return this.#mirror!.accept(event)
    if (this.#state === 'keeping') return void this.#early.push(event)
    if (this.#state === 'over') return
    if ('message' in event) return this.#relayMessage(event)
    this.#state = 'keeping'
    // What is read meanwhile would be told all at once, more than a reader can take.
    this.#stream?.pause()
    this.#keep(firstTask(event), event).catch((error: unknown) => this.#refuse(error))
  }

  /** Exactly one message, and the stream is over (§3.1.2). */
  #relayMessage(event: Extract<StreamResponse, { message: unknown }>): void {
    const { outgoing, reply, begun } = this.#ends
    this.#state = 'over'
    this.#release()
    this.#comeBack()
    this.#giveBack()
    try {
      const message = renameAnswer(this.#hub, this.#call, { message: event.message, outgoing })
      const stream = reply.stream(() => {})
      stream.send(new EventFrame({ message }))
      stream.end()
      begun()
    } catch (error) {
      this.#ends.refused(error)
    }
    this.#stream?.cancel()
  }

  async #keep(foreign: A2aTask, first: StreamResponse): Promise<void> {
    const { outgoing, reply, begun } = this.#ends
    // It goes on over this very stream: nothing else is to follow it.
    const kept = await keepTask(this.#hub, this.#call, { foreign, outgoing, isStreaming: true })
    const mirror = this.#hub.mirrors.open(kept)
    this.#mirror = mirror
    this.#release()
    if (mirror.isOver) this.#giveBack()
    else releaseAtEnd(this.#hub, kept.task, this.#giveBack)
    if (!this.#isEnded) {
      mirror.setSource({
        pause: () => this.#stream?.pause(),
        resume: () => this.#stream?.resume(),
        cancel: () => this.#stream?.cancel(),
      })
    }
    const reader: ReplyStream = reply.stream(() => mirror.leave(reader))
    this.#reader = reader
    await mirror.join(reader)
    begun()
    this.#state = 'relaying'
    if (!('task' in first)) mirror.accept(first)
    for (const event of this.#early.splice(0)) mirror.accept(event)
    if (!this.#isEnded) this.#stream?.resume()
    if (this.#isEnded) this.#handOver(mirror)
  }

  #end(error: unknown): void {
    this.#isEnded = true
    this.#release()
    if (this.#state === 'relaying') this.#handOver(this.#mirror!)
    else if (this.#state === 'waiting') this.#refuse(error ?? nothingCame())
  }

  /** The stream is over and the task may not be: then it is looked for. */
  #handOver(mirror: Mirror): void {
    this.#state = 'over'
    mirror.setSource(undefined)
    this.#hub.mirrors.follow(mirror)
    // Its one word may have been the task that asks.
    if (mirror.document.status.state === 'TASK_STATE_INPUT_REQUIRED')
      void mirror.flushed().then(() => this.#reader?.end())
  }

  /** Nothing of the task comes over this stream. */
  #comeBack(): void {
    const { task } = this.#ends.outgoing
    const mirror = task && this.#hub.mirrors.find(task.id)
    if (mirror && !mirror.isOver) this.#hub.mirrors.follow(mirror)
  }

  #refuse(error: unknown): void {
    this.#state = 'over'
    this.#comeBack()
    this.#release()
    this.#giveBack()
    this.#stream?.cancel()
    const { task } = this.#ends.outgoing
    const mirror = task && this.#hub.mirrors.find(task.id)
    if (mirror && !mirror.isOver) this.#hub.mirrors.follow(mirror)
    this.#ends.refused(toParleyError(error))
  }
}

/** Agents of 0.3 may begin with an event: the task is then known by it alone. */
function firstTask(event: Exclude<StreamResponse, { message: unknown }>): A2aTask {
  if ('task' in event) return event.task
  const { taskId: id, contextId } = 'statusUpdate' in event ? event.statusUpdate : event.artifactUpdate
  return { id, contextId, status: { state: 'TASK_STATE_SUBMITTED' } }
}

function nothingCame(): ParleyError {
  return new ParleyError('upstream_invalid', 'The agent ended its stream before it said anything.')
}
