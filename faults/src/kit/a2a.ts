import type { Json } from '../evil/evil-state.ts'
import type { HttpRequest } from './http.ts'
import type { Hub } from './hub.ts'

/** What a hub is started with so that the agent at `url` is called `helper` there. */
export function withAgent(url: string, limits: Json = {}): Json {
  return { agents: { helper: { card: url } }, limits: { requestsPerSecond: 1_000_000, ...limits } }
}

export function a2aRequest(method: string, params: Json, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    path: '/a2a/agents/helper',
    headers: ['Content-Type', 'application/json', 'A2A-Version', '1.0'],
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    ...more,
  }
}

/** A message whose first word tells the agent what to do. */
export function saying(messageId: string, text: string): Json {
  return { messageId, role: 'ROLE_USER', parts: [{ text }] }
}

export async function getTask(hub: Hub, id: string): Promise<Json> {
  const reply = await hub.send(a2aRequest('GetTask', { id }, { timeoutMs: 60_000 }))
  const task = reply.answer?.['result'] as Json | undefined
  if (!task) throw new Error(`the task ${id} is lost: ${reply.status} ${reply.text.slice(0, 300)}`)
  return task
}

export function stateOf(task: Json): string {
  return String((task['status'] as Json)['state']).replace('TASK_STATE_', '')
}

/** Begins a task that goes on, and answers its id. */
export async function beginTask(hub: Hub, messageId: string, text = 'wait'): Promise<string> {
  const params = { message: saying(messageId, text), configuration: { returnImmediately: true } }
  const reply = await hub.send(a2aRequest('SendMessage', params))
  const task = (reply.answer?.['result'] as Json | undefined)?.['task'] as Json | undefined
  if (!task) throw new Error(`no task for "${text}": ${reply.status} ${reply.text.slice(0, 300)}`)
  return String(task['id'])
}

/** Resolves once the agent can be asked. */
export async function agentIsReady(hub: Hub): Promise<boolean> {
  const reply = await hub.send({ method: 'GET', path: '/api/cards' })
  return reply.text.includes('"served":true')
}

/** One figure of `/metrics`. */
export async function gauge(hub: Hub, name: string): Promise<number> {
  const { text } = await hub.send({ method: 'GET', path: '/metrics' })
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  if (line === undefined) throw new Error(`/metrics has no ${name}`)
  return Number(line.split(' ')[1])
}
