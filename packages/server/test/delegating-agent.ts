import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AgentCard, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk'
import {
  AgentEvent,
  DefaultRequestHandler,
  InMemoryTaskStore,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server'
import { jsonRpcHandler } from '@a2a-js/sdk/server/express'
import { callerOf, chainOf, type Caller } from '@parley/sdk'
import {
  createAgent,
  userBuilder,
  type Agent,
  type AgentCredential,
  type AgentEvent as Told,
  type Delegation,
} from '@parley/sdk/agent'
import { protect, serveMetadata } from '@parley/sdk/express'
import express from 'express'

/** An agent of the A2A SDK behind this project's guard, which asks other agents for its callers. */
export interface DelegatingAgent extends AsyncDisposable {
  readonly origin: string
  readonly url: string
  readonly agent: Agent
  /** Who asked for what, in order. */
  readonly calls: readonly Call[]
  /** What it was refused when it asked others. */
  readonly errors: readonly any[]
  /** How many tasks it works on. */
  running(): number
  /** Its tasks that it was told to cancel. */
  readonly cancelled: readonly string[]
  /** The tokens that came, as a thief in its place would have them. */
  readonly stolen: readonly string[]
}

interface Call {
  readonly caller: Caller
  readonly chain: readonly string[]
  readonly text: string
  /** What the extension for callers says. */
  readonly told: unknown
}

export interface DelegatingAgentOptions {
  readonly hub: string
  readonly name: string
  readonly credential: AgentCredential
  readonly skills: readonly string[]
  /** How it passes on, by the agent that is asked. */
  readonly delegations?: Readonly<Record<string, Omit<Delegation, 'agent'>>>
  /** It asks this one the same, whatever it is asked. */
  readonly echo?: string
  /** It asks in its own name, whoever has asked it. */
  readonly asItself?: boolean
}

/**
 * What its messages make it do: `work WORDS` tells them in two chunks; `pass AGENT WORDS` asks that agent and tells what it tells;
 * `fan AGENT N WORDS` asks it N times at once; `wait` works until it is cancelled.
 */
export async function startDelegatingAgent(options: DelegatingAgentOptions): Promise<DelegatingAgent> {
  const { hub, name, credential, skills } = options
  const app = express()
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `${origin}/a2a`
  const agent = createAgent({
    hub,
    url,
    credential,
    // The guard reads the body before the A2A SDK does.
    skills: Object.fromEntries(skills.map((id) => [id, []])),
    card: {
      name,
      description: `The agent ${name}.`,
      version: '1.0.0',
      capabilities: { streaming: true, extensions: [{ uri: 'urn:parley:a2a:caller:1' }] },
      skills: skills.map((id) => ({ id, name: id, description: `Does ${id}`, tags: [name] })),
    },
  })
  const executor = new DelegatingExecutor(agent, options)
  const requestHandler = new DefaultRequestHandler(
    AgentCard.fromJSON(agent.card),
    new InMemoryTaskStore(),
    executor,
  )
  const stolen: string[] = []
  app.use((request, _response, next) => {
    const { authorization } = request.headers
    if (authorization !== undefined) stolen.push(authorization.slice('Bearer '.length))
    next()
  })
  app.use(serveMetadata(agent))
  app.use('/a2a', protect(agent), jsonRpcHandler({ requestHandler, userBuilder }))
  return {
    origin,
    url,
    agent,
    calls: executor.calls,
    errors: executor.errors,
    running: () => executor.running.size,
    cancelled: executor.cancelled,
    stolen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await agent[Symbol.asyncDispose]()
    },
  }
}

class DelegatingExecutor implements AgentExecutor {
  readonly calls: Call[] = []
  readonly errors: any[] = []
  readonly cancelled: string[] = []
  readonly #agent: Agent
  readonly #options: DelegatingAgentOptions
  readonly running = new Map<string, AbortController>()

  constructor(agent: Agent, options: DelegatingAgentOptions) {
    this.#agent = agent
    this.#options = options
  }

  readonly cancelTask = async (taskId: string, bus: ExecutionEventBus): Promise<void> => {
    this.cancelled.push(taskId)
    this.running.get(taskId)?.abort()
    bus.publish(status({ taskId, contextId: '' }, 'TASK_STATE_CANCELED'))
  }

  async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const { taskId, contextId, userMessage } = context
    const caller = callerOf(context.context.user)
    const text = userMessage.parts
      .map((part) => (part.content?.$case === 'text' ? part.content.value : ''))
      .join('')
    const told = context.request.metadata?.['urn:parley:a2a:caller:1']
    this.calls.push({ caller, chain: chainOf(caller), text, told })
    const ids = { taskId, contextId }
    bus.publish(
      AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status: { state: 'TASK_STATE_SUBMITTED' } })),
    )
    bus.publish(status(ids, 'TASK_STATE_WORKING', `${this.#options.name} works`))
    const controller = new AbortController()
    this.running.set(taskId, controller)
    try {
      await this.#work({ text, caller, ids, signal: controller.signal }, bus)
      if (!controller.signal.aborted) bus.publish(status(ids, 'TASK_STATE_COMPLETED'))
    } catch (error) {
      this.errors.push(error)
      if (!controller.signal.aborted) bus.publish(status(ids, 'TASK_STATE_FAILED', String(error)))
    } finally {
      this.running.delete(taskId)
    }
  }

  async #work(asked: Asked, bus: ExecutionEventBus): Promise<void> {
    const { name, echo } = this.#options
    const [word = '', ...rest] = asked.text.split(' ')
    if (echo !== undefined) return this.#pass({ ...asked, agent: echo, words: asked.text }, bus)
    if (word === 'pass') return this.#pass({ ...asked, agent: rest[0]!, words: rest.slice(1).join(' ') }, bus)
    if (word === 'fan') {
      const [agent, count, ...words] = rest
      const one = () => this.#pass({ ...asked, agent: agent!, words: words.join(' ') }, bus)
      const settled = await Promise.allSettled(Array.from({ length: Number(count) }, one))
      for (const each of settled) if (each.status === 'rejected') this.errors.push(each.reason)
      return
    }
    if (word === 'wait') {
      const { signal } = asked
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    }
    bus.publish(artifact(asked.ids, { artifactId: name, text: `${name}: `, isFirst: true }))
    bus.publish(artifact(asked.ids, { artifactId: name, text: rest.join(' '), isFirst: false }))
  }

  /** What the other agent tells is told on as it comes. */
  async #pass(
    { agent, words, caller, ids, signal }: Asked & { agent: string; words: string },
    bus: ExecutionEventBus,
  ) {
    const { asItself, delegations } = this.#options
    const acting = asItself ? this.#agent.actAsItself() : this.#agent.actAs(caller)
    const other = acting.delegate({ agent, ...delegations?.[agent] })
    let last = ''
    for await (const event of other.stream(words, { signal })) {
      const { artifactUpdate, statusUpdate, task } = event
      last = statusUpdate?.status.state ?? task?.status.state ?? last
      if (artifactUpdate)
        bus.publish(
          AgentEvent.artifactUpdate(TaskArtifactUpdateEvent.fromJSON({ ...artifactUpdate, ...ids })),
        )
      const said = wordsOf(event)
      if (statusUpdate && said !== '') bus.publish(status(ids, 'TASK_STATE_WORKING', said))
    }
    if (last !== 'TASK_STATE_COMPLETED') throw new Error(`${agent} ended with ${last}`)
  }
}

interface Ids {
  readonly taskId: string
  readonly contextId: string
}

interface Asked {
  readonly text: string
  readonly caller: Caller
  readonly ids: Ids
  readonly signal: AbortSignal
}

function wordsOf({ statusUpdate }: Told): string {
  return (statusUpdate?.status.message?.parts ?? []).map(({ text }) => text ?? '').join('')
}

function status(ids: Ids, state: string, words?: string) {
  const message = words !== undefined && {
    messageId: crypto.randomUUID(),
    role: 'ROLE_AGENT',
    ...ids,
    parts: [{ text: words }],
  }
  return AgentEvent.statusUpdate(
    TaskStatusUpdateEvent.fromJSON({ ...ids, status: { state, ...(message && { message }) } }),
  )
}

function artifact(ids: Ids, told: { artifactId: string; text: string; isFirst: boolean }) {
  return AgentEvent.artifactUpdate(
    TaskArtifactUpdateEvent.fromJSON({
      ...ids,
      artifact: { artifactId: told.artifactId, parts: [{ text: told.text }] },
      append: !told.isFirst,
      lastChunk: !told.isFirst,
    }),
  )
}
