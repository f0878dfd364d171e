import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { callerOf, type Caller } from '@parley/sdk'
import {
  createAgent,
  type Agent,
  type AgentCredential,
  type AgentEvent,
  type Message,
} from '@parley/sdk/agent'
import { protect } from '@parley/sdk/node'
import { isObject } from '../../read-response.ts'
import { SampleTask } from './sample-task.ts'

/** What an agent is asked to do, and how it tells of it. */
export interface SampleWork {
  readonly text: string
  readonly caller: Caller
  readonly agent: Agent
  readonly task: SampleTask
}

export interface SampleAgent extends AsyncDisposable {
  readonly origin: string
  readonly agent: Agent
}

export interface SampleAgentOptions {
  readonly hub: string
  readonly credential: AgentCredential
  readonly card: Readonly<Record<string, unknown>>
  readonly work: (asked: SampleWork) => Promise<void>
}

type Answer = (said: object) => void

/** An A2A agent behind the hub, with node:http and the SDK alone, for as long as a tour takes. */
export async function startSampleAgent({
  hub,
  credential,
  card,
  work,
}: SampleAgentOptions): Promise<SampleAgent> {
  const tasks = new Map<string, SampleTask>()
  const server = createServer((request, response) => guarded(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const agent = createAgent({
    hub,
    url: `${origin}/a2a`,
    credential,
    card: { ...card, capabilities: { streaming: true } },
    // Needs no scope beyond the token; the guard reads the body, and bounds it.
    skills: Object.fromEntries((card['skills'] as { id: string }[]).map(({ id }) => [id, []])),
  })
  const guarded = protect(agent, ({ auth, body }, response) => {
    const { id, method, params } = body as { id: unknown; method: string; params: Record<string, unknown> }
    const answer: Answer = (said) => sendJson(response, { jsonrpc: '2.0', id, ...said })
    if (method === 'SendMessage' || method === 'SendStreamingMessage') {
      const task = begin(params['message'] as unknown as Message, callerOf(auth))
      if (method === 'SendStreamingMessage') return sendStream(response, id, task)
      const configuration = params['configuration']
      const isWanted = isObject(configuration) && configuration['returnImmediately'] === true
      return isWanted
        ? answer({ result: task.event() })
        : task.ended.then(() => answer({ result: task.event() }))
    }
    const task = tasks.get(String(params['id']))
    if (!task) return answer({ error: { code: -32001, message: 'There is no such task.' } })
    if (method === 'GetTask') return answer({ result: task.toJson() })
    if (method === 'SubscribeToTask' && !task.isOver) return sendStream(response, id, task)
    answer({ error: { code: -32004, message: 'This agent does not do that.' } })
  })

  function begin(message: Message, caller: Caller): SampleTask {
    const task = new SampleTask(randomUUID(), message.contextId ?? randomUUID())
    tasks.set(task.id, task)
    const text = message.parts.map((part) => part.text ?? '').join('')
    work({ text, caller, agent, task }).then(
      () => task.tell('TASK_STATE_COMPLETED'),
      (error: unknown) => task.tell('TASK_STATE_FAILED', (error as Error).message),
    )
    return task
  }

  return {
    origin,
    agent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await agent[Symbol.asyncDispose]()
    },
  }
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

/** The task as it stands, and everything that comes (A2A §3.1.2, §3.1.6). */
function sendStream(response: ServerResponse, id: unknown, task: SampleTask): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (event: AgentEvent) =>
    response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: event })}\n\n`)
  send(task.event())
  const stop = task.watch(send, () => response.end())
  response.on('close', stop)
}
