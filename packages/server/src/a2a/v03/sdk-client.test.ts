import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js'
import * as sdk from '@a2a-js/sdk'
import type { Transport } from '@a2a-js/sdk/client'
import { LegacyJsonRpcTransport, LegacyRestTransport } from '@a2a-js/sdk/compat/v0_3/client'
import { LegacyGrpcTransport } from '@a2a-js/sdk/compat/v0_3/client/grpc'
import { ParleyError } from '@parley/contract'
import { afterEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../lib/json-rpc.ts'
import { SAMPLE_CARD } from '../fixtures/sample-card.ts'
import { OPERATIONS, type Binding, type OperationName } from '../operations.ts'
import { answerToV03 } from './answers.ts'
import { operationOfV03, V03_GRPC_SERVICE, V03_METHODS } from './methods.ts'
import { requestFromV03 } from './requests.ts'
import { toV03Error } from './to-v03-error.ts'
import { decodeV03Request, encodeV03Answer } from './v03-bytes.ts'

/** What a face of the hub does with clients of 0.3, and nothing else: the SDK's client of 0.3 talks to it. */
interface Face extends AsyncDisposable {
  readonly transport: Transport
  readonly received: { operation: OperationName; request: JsonObject }[]
}

const faces: Face[] = []
afterEach(async () => {
  for (const face of faces.splice(0)) await face[Symbol.asyncDispose]()
})

const MESSAGE = {
  messageId: 'm-1',
  contextId: 'c-1',
  taskId: 't-1',
  role: 'ROLE_USER',
  parts: [
    { text: 'Hello' },
    { raw: 'AAECAw==', mediaType: 'image/png' },
    { url: 'https://a.example/b.pdf', mediaType: 'application/pdf' },
    { data: { deep: [1, { two: null }] } },
  ],
  metadata: { trace: 'x' },
  extensions: ['https://a.example/ext'],
}
/** What only JSON-RPC has room for. */
const RICH = {
  ...MESSAGE,
  parts: [
    ...MESSAGE.parts,
    { raw: 'AAEC', filename: 'a.bin', metadata: { a: 1 } },
    { data: [1, 'two'], metadata: { a: 1 } },
    { data: 'text' },
  ],
  referenceTaskIds: ['t-0'],
}
const TASK = {
  id: 't-1',
  contextId: 'c-1',
  status: {
    state: 'TASK_STATE_CANCELED',
    message: { ...MESSAGE, role: 'ROLE_AGENT' },
    timestamp: '2025-10-28T10:30:00.000Z',
  },
  artifacts: [{ artifactId: 'a-1', name: 'Result', parts: [{ text: 'Done' }], metadata: { m: 1 } }],
  history: [MESSAGE],
  metadata: { owner: 'x' },
}
const IDS = { taskId: 't-1', contextId: 'c-1' }
const EVENTS = [
  { task: { ...TASK, status: { state: 'TASK_STATE_WORKING' } } },
  { artifactUpdate: { ...IDS, artifact: TASK.artifacts[0], append: true, lastChunk: true } },
  { statusUpdate: { ...IDS, status: { state: 'TASK_STATE_AUTH_REQUIRED' }, metadata: { m: 1 } } },
  { message: { ...MESSAGE, role: 'ROLE_AGENT' } },
]
const CONFIG = {
  taskId: 't-1',
  id: 'p-1',
  url: 'https://a.example/hook',
  token: 'tok',
  authentication: { scheme: 'Bearer', credentials: 'abc' },
}
const CARD = {
  ...SAMPLE_CARD,
  supportedInterfaces: SAMPLE_CARD.supportedInterfaces.filter(
    ({ protocolVersion }) => protocolVersion === '0.3',
  ),
}

function requestsOf(binding: Binding): Partial<Record<OperationName, JsonObject>> {
  const message = binding === 'JSONRPC' ? RICH : MESSAGE
  const { taskId: _taskId, ...push } = CONFIG
  const send = {
    message,
    configuration: {
      acceptedOutputModes: ['text/plain'],
      taskPushNotificationConfig: push,
      ...(binding === 'JSONRPC' ? { historyLength: 3 } : {}),
    },
    metadata: { m: 1 },
  }
  return {
    SendMessage: send,
    SendStreamingMessage: { ...send, configuration: { ...send.configuration, returnImmediately: true } },
    GetTask: { id: 't-1', historyLength: 2 },
    CancelTask: { id: 't-1' },
    SubscribeToTask: { id: 't-1' },
    CreateTaskPushNotificationConfig: CONFIG,
    GetTaskPushNotificationConfig: { taskId: 't-1', id: 'p-1' },
    ListTaskPushNotificationConfigs: { taskId: 't-1' },
    DeleteTaskPushNotificationConfig: { taskId: 't-1', id: 'p-1' },
    GetExtendedAgentCard: {},
  }
}

const ANSWERS: Partial<Record<OperationName, JsonObject>> = {
  SendMessage: { task: TASK },
  GetTask: TASK,
  CancelTask: TASK,
  CreateTaskPushNotificationConfig: CONFIG,
  GetTaskPushNotificationConfig: CONFIG,
  ListTaskPushNotificationConfigs: { configs: [CONFIG] },
  DeleteTaskPushNotificationConfig: {},
  GetExtendedAgentCard: CARD as unknown as JsonObject,
}

function startHttpFace(binding: 'JSONRPC' | 'HTTP+JSON', failure?: ParleyError): Face {
  const received: Face['received'] = []
  const fetchImpl: typeof fetch = async (url, init) => {
    const call = binding === 'JSONRPC' ? readJsonRpc(init!) : readRest(new URL(String(url)), init!)
    const wrap = (result: unknown) =>
      JSON.stringify(binding === 'JSONRPC' ? { jsonrpc: '2.0', id: call.id, result } : result)
    if (failure !== undefined) {
      const { status, error } = toV03Error(failure, { timestamp: '2025-01-01T00:00:00Z' })
      return binding === 'JSONRPC'
        ? Response.json({ jsonrpc: '2.0', id: call.id, error })
        : Response.json(error, { status })
    }
    const request = requestFromV03(call.operation, call.params, binding)
    received.push({ operation: call.operation, request })
    if (OPERATIONS[call.operation].streams) {
      const body = EVENTS.map((event) => `data: ${wrap(answerToV03(call.operation, event, binding))}\n\n`)
      return new Response(body.join(''), { headers: { 'content-type': 'text/event-stream' } })
    }
    const answer = answerToV03(call.operation, ANSWERS[call.operation]!, binding)
    return new Response(wrap(answer), { headers: { 'content-type': 'application/json' } })
  }
  const endpoint = 'http://hub.test'
  const transport =
    binding === 'JSONRPC'
      ? new LegacyJsonRpcTransport({ endpoint, fetchImpl })
      : new LegacyRestTransport({ endpoint, fetchImpl })
  return keep({
    transport: transport as unknown as Transport,
    received,
    [Symbol.asyncDispose]: async () => {},
  })
}

interface Call {
  readonly operation: OperationName
  readonly params: unknown
  readonly id?: unknown
}

function readJsonRpc(init: RequestInit): Call {
  const { method, params, id } = JSON.parse(String(init.body)) as {
    method: string
    params: unknown
    id: unknown
  }
  return { operation: operationOfV03(method)!, params, id }
}

function readRest(url: URL, init: RequestInit): Call {
  for (const operation of Object.keys(V03_METHODS) as OperationName[]) {
    const [method, template] = V03_METHODS[operation]!.http
    const pattern = template.replace(/\{(\w+)\}/g, '(?<$1>[^/:]+)')
    const match = method === init.method ? new RegExp(`^${pattern}$`).exec(url.pathname) : null
    if (match === null) continue
    const body = init.body === undefined ? {} : (JSON.parse(String(init.body)) as JsonObject)
    const { taskId, id } = match.groups ?? {}
    const path =
      taskId === undefined ? (id === undefined ? {} : { id }) : { taskId, pushNotificationConfigId: id }
    return { operation, params: { ...body, ...Object.fromEntries(url.searchParams), ...path } }
  }
  throw new Error(`No route for ${init.method} ${url.pathname}`)
}

async function startGrpcFace(): Promise<Face> {
  const received: Face['received'] = []
  const server = new Server()
  const same = (bytes: Buffer) => bytes
  const operations = Object.keys(V03_METHODS) as OperationName[]
  const definition = Object.fromEntries(
    operations.map((operation) => [
      operation,
      {
        path: `/${V03_GRPC_SERVICE}/${V03_METHODS[operation]!.grpc}`,
        requestStream: false,
        responseStream: OPERATIONS[operation].streams,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  )
  const handlers = Object.fromEntries(
    operations.map((operation) => [
      operation,
      (call: any, callback: any) => {
        received.push({ operation, request: decodeV03Request(operation, call.request as Buffer) })
        if (!OPERATIONS[operation].streams)
          return callback(null, encodeV03Answer(operation, ANSWERS[operation]!))
        for (const event of EVENTS) call.write(encodeV03Answer(operation, event))
        call.end()
      },
    ]),
  )
  server.addService(definition, handlers as UntypedServiceImplementation)
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  const transport = new LegacyGrpcTransport({ endpoint: `127.0.0.1:${port}` })
  return keep({
    transport: transport as unknown as Transport,
    received,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  })
}

function keep(face: Face): Face {
  faces.push(face)
  return face
}

/** Each operation by the SDK's client, from JSON of 1.0 to JSON of 1.0. */
async function callBy(transport: Transport, operation: OperationName, request: JsonObject): Promise<unknown> {
  const types = sdk as any
  const input = types[OPERATIONS[operation].request].fromJSON(request)
  const all = async (stream: AsyncIterable<unknown>) => {
    const events: unknown[] = []
    for await (const event of stream) events.push(types.StreamResponse.toJSON(event))
    return events
  }
  const method: Record<string, (input: any) => unknown> = {
    SendMessage: async (given) => {
      const result = (await transport.sendMessage(given)) as any
      return 'messageId' in result
        ? { message: types.Message.toJSON(result) }
        : { task: types.Task.toJSON(result) }
    },
    SendStreamingMessage: (given) => all(transport.sendMessageStream(given)),
    SubscribeToTask: (given) => all(transport.resubscribeTask(given)),
    GetTask: async (given) => types.Task.toJSON(await transport.getTask(given)),
    CancelTask: async (given) => types.Task.toJSON(await transport.cancelTask(given)),
    CreateTaskPushNotificationConfig: async (given) =>
      types.TaskPushNotificationConfig.toJSON(await transport.createTaskPushNotificationConfig(given)),
    GetTaskPushNotificationConfig: async (given) =>
      types.TaskPushNotificationConfig.toJSON(await transport.getTaskPushNotificationConfig(given)),
    ListTaskPushNotificationConfigs: async (given) =>
      types.ListTaskPushNotificationConfigsResponse.toJSON(
        await transport.listTaskPushNotificationConfig(given),
      ),
    DeleteTaskPushNotificationConfig: async (given) =>
      (await transport.deleteTaskPushNotificationConfig(given)) ?? {},
    GetExtendedAgentCard: async (given) =>
      types.AgentCard.toJSON(await transport.getExtendedAgentCard(given)),
  }
  return method[operation]!(input)
}

const OPERATIONS_OF_V03 = Object.keys(V03_METHODS) as OperationName[]
const BINDINGS_AND_OPERATIONS = (['JSONRPC', 'HTTP+JSON', 'GRPC'] as const).flatMap((binding) =>
  OPERATIONS_OF_V03.map((operation) => [binding, operation] as const),
)

describe('clients of A2A 0.3 made with the SDK', () => {
  it.each(BINDINGS_AND_OPERATIONS)(
    '%s: %s says in 1.0 what the client said, and answers it',
    async (binding, operation) => {
      const face = binding === 'GRPC' ? await startGrpcFace() : startHttpFace(binding)
      const request = requestsOf(binding)[operation]!
      const answer = await callBy(face.transport, operation, request)
      expect(face.received).toEqual([{ operation, request }])
      const expected = OPERATIONS[operation].streams ? EVENTS : ANSWERS[operation]
      expect(inCommon(answer)).toEqual(inCommon(expected))
    },
  )

  it.each(['JSONRPC', 'HTTP+JSON'] as const)('%s: errors are the SDK’s own', async (binding) => {
    const { transport } = startHttpFace(binding, new ParleyError('task_not_found', 'No such task.'))
    await expect(callBy(transport, 'GetTask', { id: 't-1' })).rejects.toMatchObject({
      name: 'TaskNotFoundError',
      message: expect.stringContaining('No such task.'),
    })
  })
})

/**
 * Without what the SDK's client alone does: it says `required: false` of extensions and `append: false` of whatever comes
 * as ProtoJSON, and gives the first interface of a card the card's full version.
 */
function inCommon(json: unknown): unknown {
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) => {
      if (key === 'append' || value === false || value === '') return undefined
      return value === '0.3.0' ? '0.3' : value
    }),
  )
}
