import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from './evil-state.ts'

/** An agent of A2A 1.0 whose work goes on whatever becomes of its clients. */
export interface A2aAgent {
  readonly url: string
  /** How often each message was taken, by its id. */
  readonly taken: ReadonlyMap<string, number>
  /** Tasks that somebody has asked for, or follows, since `forgetLooks`. */
  readonly looked: ReadonlySet<string>
  /** Tasks that nobody has ended. */
  open(): string[]
  /** Streams that are open to it now. */
  streams(): number
  forgetLooks(): void
  /** Lets every task end, also those that are yet to come. */
  finish(): void
  close(): Promise<void>
}

interface AgentTask {
  readonly id: string
  readonly contextId: string
  readonly artifacts: Json[]
  readonly followers: Set<(event: Json) => void>
  state: string
}

const CARD = {
  name: 'Faults',
  description: 'Does what the first word of a message says.',
  version: '1.0.0',
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'work', name: 'Work', description: 'Works.', tags: ['test'] }],
}

/**
 * `wait` goes on until `finish`; `quick` has ended at once; `parts COUNT MS` tells one artifact after the other, and
 * ends; `flood BYTES MS` tells chunks of one artifact's text until nobody follows.
 */
export async function startA2aAgent(): Promise<A2aAgent> {
  const agent = new Agent()
  const server = createServer((request, response) => agent.receive(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve))
  agent.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: agent.url,
    taken: agent.taken,
    looked: agent.looked,
    open: () => agent.tasks().flatMap(({ id, state }) => (isEnd(state) ? [] : [id])),
    streams: () => agent.streams.size,
    forgetLooks: () => agent.looked.clear(),
    finish: () => agent.finish(),
    async close() {
      agent.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

class Agent {
  url = ''
  readonly taken = new Map<string, number>()
  readonly looked = new Set<string>()
  readonly streams = new Set<ServerResponse>()
  readonly #tasks = new Map<string, AgentTask>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isFinished = false

  tasks(): AgentTask[] {
    return [...this.#tasks.values()]
  }

  receive(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET') {
      const face = { url: this.url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }
      return answer(response, { ...CARD, supportedInterfaces: [face] })
    }
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(text) as { id: unknown; method: string; params: Json }
      this.#serve({ id, method, params }, response)
    })
  }

  finish(): void {
    this.#isFinished = true
    for (const task of this.tasks()) this.#end(task, 'TASK_STATE_COMPLETED')
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  #serve({ id, method, params }: { id: unknown; method: string; params: Json }, response: ServerResponse) {
    const reply = (body: Json) => answer(response, { jsonrpc: '2.0', id, ...body })
    if (method === 'SendMessage') return reply({ result: { task: whole(this.#begin(params)) } })
    if (method === 'SendStreamingMessage') return this.#stream(id, this.#begin(params), response)
    const task = this.#tasks.get(String(params['id']))
    if (!task) return reply({ error: { code: -32001, message: 'There is no such task.' } })
    this.looked.add(task.id)
    if (method === 'CancelTask') this.#end(task, 'TASK_STATE_CANCELED')
    if (method !== 'SubscribeToTask') return reply({ result: whole(task) })
    if (isEnd(task.state)) return reply({ error: { code: -32004, message: 'It has ended.' } })
    this.#stream(id, task, response)
  }

  #begin(params: Json): AgentTask {
    const message = params['message'] as Json
    const messageId = String(message['messageId'])
    this.taken.set(messageId, (this.taken.get(messageId) ?? 0) + 1)
    const [word, ...numbers] = String((message['parts'] as Json[])[0]?.['text']).split(' ')
    const task: AgentTask = {
      id: `${messageId}-${this.taken.get(messageId)}`,
      contextId: String(message['contextId'] ?? `context-${messageId}`),
      artifacts: [],
      followers: new Set(),
      state: word === 'quick' || this.#isFinished ? 'TASK_STATE_COMPLETED' : 'TASK_STATE_WORKING',
    }
    this.#tasks.set(task.id, task)
    const [first = 0, intervalMs = 0] = numbers.map(Number)
    if (word === 'parts') this.#tellParts(task, first, intervalMs)
    if (word === 'flood') this.#flood(task, first, intervalMs)
    return task
  }

  #tellParts(task: AgentTask, count: number, intervalMs: number): void {
    let told = 0
    this.#every(intervalMs, (stop) => {
      const artifact = { artifactId: `part-${told}`, parts: [{ text: String(told) }] }
      task.artifacts.push(artifact)
      tell(task, { artifactUpdate: { ...nameOf(task), artifact, lastChunk: true } })
      if (++told < count) return
      stop()
      this.#end(task, 'TASK_STATE_COMPLETED')
    })
  }

  /** Numbered, so that a reader sees whether one is missing. */
  #flood(task: AgentTask, bytes: number, intervalMs: number): void {
    let told = 0
    this.#every(intervalMs, (stop) => {
      if (isEnd(task.state)) return stop()
      const parts = [{ text: `${told}:`.padEnd(bytes, 'x') }]
      const artifact = { artifactId: 'flood', parts }
      // Each replaces the last: the task itself does not grow.
      tell(task, { artifactUpdate: { ...nameOf(task), artifact, append: false } })
      told += 1
    })
  }

  #every(intervalMs: number, act: (stop: () => void) => void): void {
    const timer = setInterval(() => act(() => this.#timers.delete(timer) && clearInterval(timer)), intervalMs)
    this.#timers.add(timer)
  }

  #end(task: AgentTask, state: string): void {
    if (isEnd(task.state)) return
    task.state = state
    tell(task, { statusUpdate: { ...nameOf(task), status: { state } } })
    task.followers.clear()
  }

  #stream(id: unknown, task: AgentTask, response: ServerResponse): void {
    this.streams.add(response)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (event: Json): void => {
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: event })}\n\n`)
      if (isEnd(task.state)) response.end()
    }
    response.on('close', () => {
      this.streams.delete(response)
      task.followers.delete(send)
    })
    task.followers.add(send)
    send({ task: whole(task) })
  }
}

function tell(task: AgentTask, event: Json): void {
  for (const follower of task.followers) follower(event)
}

function nameOf({ id, contextId }: AgentTask): { taskId: string; contextId: string } {
  return { taskId: id, contextId }
}

function whole({ id, contextId, state, artifacts }: AgentTask): Json {
  return { id, contextId, status: { state }, artifacts }
}

function isEnd(state: string): boolean {
  return state === 'TASK_STATE_COMPLETED' || state === 'TASK_STATE_CANCELED'
}

function answer(response: ServerResponse, body: Json): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
