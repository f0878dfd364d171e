import { ParleyError, type CapabilityName, type ConsentId, type Principal } from '@parley/contract'
import type { A2aTask, SendMessageRequest, SendMessageResponse } from '../a2a/index.ts'
import type { AgentEntry } from '../directory/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { isFinal, type Task } from '../tasks/index.ts'
import { decideSend } from './decide-send.ts'
import type { HubCall, HubTools } from './hub-call.ts'
import type { Mirror } from './mirror.ts'
import type { Mirrors } from './mirrors.ts'
import type { Outgoing } from './prepare-send.ts'
import { languageHeaders, presentationExtension } from './presentation/index.ts'
import { wholeOf } from './whole-of.ts'
import type { ForeignTask, TaskNames } from './task-names.ts'
import { renameTask } from './task-names.ts'

/** What is kept of a message that waits: it goes to the agent once it may. */
interface Held {
  readonly request: JsonObject
  readonly extensions: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly consent: ConsentId
}

type HeldRef = ForeignTask & { readonly held: Held }

/** How long it is waited for the person, as long as their page is open. */
const WAIT_MS = 10 * 60_000

/**
 * Messages that a person has to allow first (specification §7.6): the caller gets a task that wants authorization, with
 * the address where the person decides; after a yes the message goes to the agent, and the task goes on.
 */
export class HeldSends {
  readonly #tools: HubTools
  readonly #names: TaskNames
  readonly #mirrors: Mirrors
  readonly #stop: () => void

  constructor(tools: HubTools, names: TaskNames, mirrors: Mirrors) {
    this.#tools = tools
    this.#names = names
    this.#mirrors = mirrors
    this.#stop = tools.consents.onAnswer(({ id }) => this.#look((ref) => ref.held.consent === id))
  }

  /** The task in the place of an answer. Throws the challenge that names what is missing when there is nobody to ask. */
  async hold(call: HubCall, outgoing: Outgoing, missing: readonly CapabilityName[]): Promise<Task> {
    const { agent, owner, principal, resource, extensions, wish } = call
    const consent = await this.#tools.consents.ask(principal, missing, call.request)
    if (!consent) throw this.#tools.challenges(resource).insufficientScope(missing)
    const id = this.#tools.newId('task')
    const context =
      outgoing.context ?? this.#names.contexts.ofAgent(owner, agent.name, `parley-${id.slice(4)}`)
    const url = this.#tools.consents.urlOf(consent)
    const ref: HeldRef = {
      taskId: '',
      contextId: context.foreign,
      held: {
        request: outgoing.toAgent,
        extensions: [...extensions, ...presentationExtension(wish, agent)],
        headers: languageHeaders(wish),
        consent: consent.id,
      },
    }
    const task = this.#describe({ id, contextId: context.ours }, { request: outgoing.request, url, missing })
    const kept = await this.#tools.tasks.create({
      id,
      face: 'a2a',
      principal,
      server: agent.name,
      action: 'SendMessage',
      capability: call.capability ?? wholeOf(agent.name),
      argumentsDigest: call.argumentsDigest,
      state: 'auth_required',
      message: `Waits for consent: ${missing.join(', ')}`,
      context: context.ours,
      messageKey: outgoing.messageKey,
      upstreamRef: { ...ref },
      parts: [JSON.stringify({ task })],
    })
    this.#tools.clock.setTimeout(() => this.#look((one) => one.held.consent === consent.id), WAIT_MS)
    return kept
  }

  /** After a start: what was answered meanwhile goes on. */
  resume(): void {
    this.#look(() => true)
  }

  close(): void {
    this.#stop()
  }

  #look(isMeant: (ref: HeldRef) => boolean): void {
    for (const task of this.#tools.tasks.unfinished('a2a')) {
      if (task.state !== 'auth_required') continue
      const ref = this.#names.foreignOf(task) as HeldRef | undefined
      if (ref?.taskId !== '' || !isMeant(ref)) continue
      this.#decide(task, ref).catch(this.#tools.onError)
    }
  }

  async #decide(task: Task, { held }: HeldRef): Promise<void> {
    const mirror = this.#mirrors.of(task)
    if (!mirror || mirror.isOver) return
    const state = this.#tools.consents.stateOf(held.consent)
    if (state === 'denied') return mirror.end('TASK_STATE_REJECTED', 'The person did not allow this.')
    if (state === 'ended') return mirror.end('TASK_STATE_FAILED', 'The person did not answer in time.')
    if (state !== 'allowed') return
    const agent = this.#tools.directory.entry(task.server)
    if (!agent) return mirror.end('TASK_STATE_FAILED', 'The agent is not there any more.')
    const decision = decideSend(this.#tools, { principal: task.principal, agent }, () => held.request)
    if (decision.kind !== 'allow')
      return mirror.end('TASK_STATE_REJECTED', 'What was allowed does not cover the message.')
    await this.#send(mirror, { agent, held, principal: task.principal })
  }

  async #send(
    mirror: Mirror,
    { agent, held, principal }: { agent: AgentEntry; held: Held; principal: Principal },
  ): Promise<void> {
    mirror.tell('TASK_STATE_WORKING', 'The person allowed it.')
    await mirror.flushed()
    const { configuration } = held.request as unknown as SendMessageRequest
    const request = { ...held.request, configuration: { ...configuration, returnImmediately: true } }
    try {
      const headers = await this.#tools.credentialFor(agent, principal)
      const { sendTimeoutMs: timeoutMs } = this.#tools.limits
      const options = { headers: { ...headers, ...held.headers }, extensions: held.extensions, timeoutMs }
      const answer = await agent.link().call('SendMessage', request, options)
      await this.#take(mirror, agent, answer as unknown as SendMessageResponse)
    } catch (error) {
      const words = error instanceof ParleyError ? error.message : 'The agent could not be asked.'
      mirror.end('TASK_STATE_FAILED', words)
    }
  }

  async #take(mirror: Mirror, agent: AgentEntry, answer: SendMessageResponse): Promise<void> {
    if ('message' in answer) {
      const { taskId, contextId } = mirror.name.foreign
      const artifact = { artifactId: 'answer', parts: answer.message.parts }
      mirror.accept({ artifactUpdate: { taskId, contextId, artifact, lastChunk: true } })
      return mirror.end('TASK_STATE_COMPLETED', undefined)
    }
    const { id: taskId, contextId } = answer.task
    const { owner, id } = mirror.task
    if (isFinal(this.#tools.tasks.findAny(id)?.state ?? 'failed')) return
    const foreignKey = this.#names.foreignKey({ owner, agent: agent.name }, taskId)
    await this.#tools.tasks.change(id, { state: 'working', foreignKey, upstreamRef: { taskId, contextId } })
    mirror.name = { ...mirror.name, foreign: { taskId, contextId } }
    mirror.replace(answer.task)
    this.#mirrors.follow(mirror)
  }

  #describe(
    ours: { readonly id: string; readonly contextId: string },
    asked: {
      readonly request: SendMessageRequest
      readonly url: string
      readonly missing: readonly CapabilityName[]
    },
  ): A2aTask {
    const { request, url, missing } = asked
    const { id: taskId, contextId } = ours
    const text = `This needs the consent of the person it is done for: ${missing.join(', ')}. They decide at ${url}`
    const message = {
      messageId: `parley-consent-${taskId}`,
      role: 'ROLE_AGENT',
      taskId,
      contextId,
      parts: [{ text }, { data: { consentUrl: url, missing }, mediaType: 'application/json' }],
    } as const
    const timestamp = new Date(this.#tools.clock.now()).toISOString()
    const task: A2aTask = {
      ...ours,
      status: { state: 'TASK_STATE_AUTH_REQUIRED', timestamp, message },
      history: [{ ...request.message, taskId, contextId }],
    }
    return renameTask(task, { ours, foreign: { taskId, contextId } })
  }
}
