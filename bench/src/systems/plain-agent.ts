/**
 * The agent behind the hub: JSON-RPC of A2A 1.0 with node:http and nothing else, so that it costs little beside what is
 * measured. The first word of a message says what it does: `message` answers with one, `task` with a task that is done,
 * `chunks N` streams a task whose artifact comes in N chunks, `wait` begins a task that goes on for ever. Prints its port
 * when ready.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Asked {
  readonly id: number
  readonly method: string
  readonly params: {
    readonly id?: string
    readonly message?: { readonly messageId: string; readonly parts: readonly { readonly text: string }[] }
  }
}

/** Events that go out together, as an agent's do that has several ready. */
const EVENTS_AT_ONCE = 50
const AT = '2026-01-01T00:00:00.000Z'
let lastTask = 0

const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
  if (request.method === 'GET') return send(response, JSON.stringify(card()))
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(JSON.parse(Buffer.concat(chunks).toString()) as Asked, request, response))
})
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as AddressInfo).port))
process.on('SIGTERM', () => process.exit(0))

function answer({ id, method, params }: Asked, _request: IncomingMessage, response: ServerResponse): void {
  const result = (value: object) => send(response, JSON.stringify({ jsonrpc: '2.0', id, result: value }))
  if (method === 'GetTask') return result(taskOf(params.id!, 'TASK_STATE_WORKING'))
  if (method === 'SubscribeToTask') {
    begin(response)
    return void write(response, id, { task: taskOf(params.id!, 'TASK_STATE_WORKING') })
  }
  const { messageId, parts } = params.message!
  const [word, count] = parts[0]!.text.split(' ')
  const taskId = `task-${(lastTask += 1)}`
  if (method === 'SendStreamingMessage') return stream(response, { id, taskId, chunks: Number(count) })
  if (word === 'message')
    return result({
      message: { messageId: `answer-${messageId}`, role: 'ROLE_AGENT', parts: [{ text: 'bench-ok' }] },
    })
  if (word === 'wait') return result({ task: taskOf(taskId, 'TASK_STATE_WORKING') })
  const artifacts = [{ artifactId: 'result', parts: [{ text: 'bench-ok' }] }]
  result({ task: { ...taskOf(taskId, 'TASK_STATE_COMPLETED'), artifacts } })
}

function stream(
  response: ServerResponse,
  { id, taskId, chunks }: { id: number; taskId: string; chunks: number },
): void {
  const ids = { taskId, contextId: `context-of-${taskId}` }
  const status = (state: string) => ({ statusUpdate: { ...ids, status: { state, timestamp: AT } } })
  begin(response)
  write(response, id, { task: taskOf(taskId, 'TASK_STATE_SUBMITTED') })
  write(response, id, status('TASK_STATE_WORKING'))
  let at = 0
  const next = () => {
    response.cork()
    for (const until = Math.min(at + EVENTS_AT_ONCE, chunks); at < until; at += 1) {
      const artifact = { artifactId: 'result', parts: [{ text: `bench-ok ${at} of the chunks` }] }
      write(response, id, {
        artifactUpdate: { ...ids, artifact, append: at > 0, lastChunk: at === chunks - 1 },
      })
    }
    if (at === chunks) write(response, id, status('TASK_STATE_COMPLETED'))
    response.uncork()
    if (at === chunks) return void response.end()
    if (response.writableNeedDrain) response.once('drain', next)
    else setImmediate(next)
  }
  next()
}

function taskOf(id: string, state: string): object {
  return { id, contextId: `context-of-${id}`, status: { state, timestamp: AT } }
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
}

function write(response: ServerResponse, id: number, result: object): void {
  response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`)
}

function send(response: ServerResponse, json: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) })
  response.end(json)
}

function card(): object {
  const { port } = server.address() as AddressInfo
  return {
    name: 'Plain agent',
    description: 'Answers at once.',
    version: '1.0.0',
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'work', name: 'Work', description: 'Does what it is told.', tags: ['bench'] }],
    supportedInterfaces: [
      { url: `http://127.0.0.1:${port}/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ],
  }
}
