import { Client, credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSdkAgent, type SdkAgent } from '../../../test/sdk-agent.ts'
import { readCardJson } from '../cards/read-card.ts'
import { fromGrpcStatus } from '../errors/from-grpc-status.ts'
import { fromHttpError } from '../errors/from-http-error.ts'
import { fromJsonRpcError } from '../errors/from-json-rpc-error.ts'
import type { JsonObject } from '../../lib/json-rpc.ts'
import type { AgentCard } from '../model.ts'
import { OPERATIONS, type Binding, type OperationName } from '../operations.ts'
import { answerFromV03 } from './answers.ts'
import { V03_GRPC_SERVICE, V03_METHODS } from './methods.ts'
import { requestToV03 } from './requests.ts'
import { decodeV03Answer, encodeV03Request } from './v03-bytes.ts'

let agent: SdkAgent
beforeAll(async () => void (agent = await startSdkAgent()))
afterAll(async () => agent[Symbol.asyncDispose]())

type Caller = (operation: OperationName, request: JsonObject) => Promise<JsonObject[]>

const HEADERS = { 'content-type': 'application/json', 'a2a-version': '0.3' }

const callers: Readonly<Record<Binding, Caller>> = {
  async JSONRPC(operation, request) {
    const { jsonRpc: method } = V03_METHODS[operation]!
    const params = requestToV03(operation, request, 'JSONRPC')
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(agent.url('JSONRPC'), { method: 'POST', headers: HEADERS, body })
    return (await readBodies(response)).map((answer) => {
      const { result, error } = answer as { result: unknown; error: unknown }
      if (error !== undefined) throw fromJsonRpcError(error)
      return answerFromV03(operation, result)
    })
  },
  async 'HTTP+JSON'(operation, request) {
    const [method, template] = V03_METHODS[operation]!.http
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(request[name])),
    )
    const query =
      request['historyLength'] === undefined ? '' : `?historyLength=${String(request['historyLength'])}`
    const body = method === 'POST' ? JSON.stringify(requestToV03(operation, request, 'HTTP+JSON')) : null
    const response = await fetch(`${agent.url('HTTP+JSON')}${path}${query}`, {
      method,
      headers: HEADERS,
      body,
    })
    if (!response.ok) throw fromHttpError(response.status, await response.json().catch(() => undefined))
    if (response.status === 204) return [answerFromV03(operation, undefined)]
    return (await readBodies(response)).map((answer) => answerFromV03(operation, answer))
  },
  async GRPC(operation, request) {
    const client = new Client(new URL(agent.url('GRPC')).host, credentials.createInsecure())
    const path = `/${V03_GRPC_SERVICE}/${V03_METHODS[operation]!.grpc}`
    const same = (bytes: Buffer) => bytes
    const bytes = encodeV03Request(operation, request)
    try {
      if (OPERATIONS[operation].streams) {
        const events = await client.makeServerStreamRequest(path, same, same, bytes).toArray()
        return (events as Buffer[]).map((event) => decodeV03Answer(operation, event))
      }
      const answer = await new Promise<Buffer>((resolve, reject) =>
        client.makeUnaryRequest(path, same, same, bytes, (error, given) =>
          error === null ? resolve(given!) : reject(error),
        ),
      )
      return [decodeV03Answer(operation, answer)]
    } catch (error) {
      const { code, details, metadata } = error as any
      throw fromGrpcStatus(code, details, metadata?.get('grpc-status-details-bin')[0])
    } finally {
      client.close()
    }
  },
}

async function readBodies(response: Response): Promise<unknown[]> {
  const text = await response.text()
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return [JSON.parse(text)]
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
}

function say(text: string, more: JsonObject = {}): JsonObject {
  return { message: { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text }] }, ...more }
}

describe.each(['JSONRPC', 'HTTP+JSON', 'GRPC'] as const)(
  'agents of A2A 0.3 made with the SDK, over %s',
  (binding) => {
    const call = callers[binding]

    it('answer with messages and with tasks', async () => {
      const [message] = await call('SendMessage', say('echo hello'))
      expect(message).toMatchObject({ message: { role: 'ROLE_AGENT', parts: [{ text: 'hello' }] } })
      const [answer] = await call('SendMessage', say('chunks 2'))
      expect(answer).toMatchObject({ task: { status: { state: 'TASK_STATE_COMPLETED' } } })
      const { id } = (answer as any).task
      const [task] = await call('GetTask', { id, historyLength: 1 })
      expect(task).toMatchObject({ id, status: { state: 'TASK_STATE_COMPLETED' } })
      expect((task as any).artifacts).toHaveLength(1)
    })

    it('stream their work, and end where the caller has to speak', async () => {
      const events = await call('SendStreamingMessage', say('ask'))
      expect(events[0]).toHaveProperty('task')
      expect(events.at(-1)).toMatchObject({
        statusUpdate: { status: { state: 'TASK_STATE_INPUT_REQUIRED' } },
      })
      const chunks = await call('SendStreamingMessage', say('chunks 3'))
      expect(chunks.filter((event) => 'artifactUpdate' in event)).toHaveLength(3)
      expect(chunks.at(-1)).toMatchObject({ statusUpdate: { status: { state: 'TASK_STATE_COMPLETED' } } })
    })

    it('give parts of every kind back as they came', async () => {
      const parts = [
        { text: 'parts' },
        { raw: 'AAECAw==', mediaType: 'image/png' },
        { url: 'https://a.example/b.pdf', mediaType: 'application/pdf' },
        { data: { a: [1, null] } },
      ]
      const request = { message: { messageId: 'm', role: 'ROLE_USER', parts } }
      const [answer] = await call('SendMessage', request)
      expect((answer as any).task.artifacts[0].parts).toEqual(parts)
    })

    it('cancel, keep push configurations, and show their extended card', async () => {
      const [answer] = await call('SendMessage', say('wait', { configuration: { returnImmediately: true } }))
      const { id } = (answer as any).task
      const config = { taskId: id, id: 'p1', url: 'https://hook.example/x', token: 't' }
      expect(await call('CreateTaskPushNotificationConfig', config)).toMatchObject([config])
      expect(await call('GetTaskPushNotificationConfig', { taskId: id, id: 'p1' })).toMatchObject([config])
      expect(await call('ListTaskPushNotificationConfigs', { taskId: id })).toMatchObject([
        { configs: [config] },
      ])
      expect(await call('DeleteTaskPushNotificationConfig', { taskId: id, id: 'p1' })).toEqual([{}])
      expect(await call('ListTaskPushNotificationConfigs', { taskId: id })).toEqual([{ configs: [] }])
      expect(await call('CancelTask', { id })).toMatchObject([
        { id, status: { state: 'TASK_STATE_CANCELED' } },
      ])
      const [card] = await call('GetExtendedAgentCard', {})
      expect(card).toMatchObject({ description: 'The extended card.', skills: [{ id: 'work' }] })
    })

    it('refuse in words and codes that are known', async () => {
      await expect(call('GetTask', { id: 'nowhere' })).rejects.toMatchObject({ code: 'task_not_found' })
      await expect(call('CancelTask', { id: 'nowhere' })).rejects.toMatchObject({ code: 'task_not_found' })
      const [answer] = await call('SendMessage', say('chunks 1'))
      await expect(call('CancelTask', { id: (answer as any).task.id })).rejects.toMatchObject({
        code: 'task_not_cancelable',
      })
    })
  },
)

describe('cards of agents of A2A 0.3 made with the SDK', () => {
  it('are read from their well-known place, with the interfaces of both versions', async () => {
    const response = await fetch(agent.cardUrl, { headers: { 'a2a-version': '0.3' } })
    const json = (await response.json()) as JsonObject
    expect(json).toMatchObject({ url: agent.url('JSONRPC'), supportsAuthenticatedExtendedCard: true })
    const read = readCardJson(json)
    expect(read).toMatchObject({ kind: 'card', card: { name: 'SDK agent', skills: [{ id: 'work' }] } })
    const { supportedInterfaces: _interfaces, ...alone } = json
    const older = readCardJson(alone)
    expect(older).toMatchObject({ kind: 'card', version: '0.3' })
    if (read.kind !== 'card' || older.kind !== 'card') return
    const named = (card: AgentCard) =>
      card.supportedInterfaces.map(
        ({ protocolBinding, protocolVersion }) => `${protocolBinding} ${protocolVersion}`,
      )
    expect(named(older.card)).toEqual(['JSONRPC 0.3', 'HTTP+JSON 0.3', 'GRPC 0.3'])
    expect(named(read.card)).toEqual(expect.arrayContaining(['JSONRPC 1.0', 'JSONRPC 0.3']))
    expect(read.card.capabilities.extendedAgentCard).toBe(true)
  })
})
