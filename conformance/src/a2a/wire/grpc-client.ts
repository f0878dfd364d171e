import {
  AgentCard,
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetExtendedAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk'
import { A2AService } from '@a2a-js/sdk/server/grpc'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import type { ServiceError } from '@grpc/grpc-js'
import { EventStream } from './event-stream.ts'
import type { JsonObject } from './json.ts'
import { withTenant } from './json-rpc-client.ts'
import type { Operation, StreamOperation } from './operations.ts'
import { seenError } from './reply.ts'
import type { A2aClient, CallOptions, ClientOptions, Reply, SeenError } from './reply.ts'
import { readStatusDetails } from './status-details.ts'

const answerLimitMs = 8000
const streamLimitMs = 30_000

export interface GrpcClient extends A2aClient {
  /** Any bytes as the request, to any method, for what is wrong on purpose. */
  callBytes(method: string, bytes: Buffer, options?: CallOptions): Promise<Reply>
}

/** gRPC (specification §10); the bytes are written and read by the codec that the SDK has generated. */
export function createGrpcClient(client: ClientOptions): GrpcClient {
  const grpc = new Client(grpcAddress(client.url), grpcCredentials(client.url), {
    'grpc.enable_http_proxy': 0,
  })
  const callBytes = (method: string, bytes: Buffer, options: CallOptions = {}) =>
    unary(grpc, { path: method, bytes, metadata: toMetadata(client, options), read: () => ({}) })
  return {
    binding: 'GRPC',
    callBytes,
    call: (operation, request = {}, options = {}) =>
      unary(grpc, {
        path: pathOf(operation),
        bytes: encode(operation, withTenant(client, request)),
        metadata: toMetadata(client, options),
        read: (bytes) => decode(operation, bytes),
      }),
    open: (operation: StreamOperation, request, options = {}) =>
      openStream(grpc, {
        path: pathOf(operation),
        bytes: encode(operation, withTenant(client, request)),
        metadata: toMetadata(client, options),
        read: (bytes) => decode(operation, bytes),
      }),
    close: () => grpc.close(),
  }
}

interface GrpcCall {
  readonly path: string
  readonly bytes: Buffer
  readonly metadata: Metadata
  readonly read: (bytes: Buffer) => JsonObject
}

function unary(grpc: Client, { path, bytes, metadata, read }: GrpcCall): Promise<Reply> {
  const deadline = Date.now() + answerLimitMs
  return new Promise((resolve) =>
    grpc.makeUnaryRequest(
      path,
      (value: Buffer) => value,
      read,
      bytes,
      metadata,
      { deadline },
      (error, result) => resolve(error === null ? { result: result ?? {} } : refusalOf(error)),
    ),
  )
}

async function openStream(grpc: Client, { path, bytes, metadata, read }: GrpcCall): Promise<EventStream> {
  const deadline = Date.now() + streamLimitMs
  const call = grpc.makeServerStreamRequest(path, (value: Buffer) => value, read, bytes, metadata, {
    deadline,
  })
  const stream = new EventStream(() => call.cancel())
  call.on('data', (event: JsonObject) => stream.push(event))
  call.on('error', (error: ServiceError) => {
    if (stream.hasEnded) return
    if (stream.events.length === 0) stream.refusal = refusalOf(error)
    else stream.failure = errorOf(error)
    stream.end()
  })
  call.on('end', () => {
    // A refusal ends the messages before its status is told.
    if (stream.events.length > 0) stream.end()
  })
  call.on('status', () => setImmediate(() => stream.end()))
  await stream.begun()
  return stream
}

function refusalOf(error: ServiceError): Reply {
  const trailers = Object.fromEntries(
    Object.entries(error.metadata?.getMap() ?? {}).map(([name, value]) => [name, String(value)]),
  )
  return { error: errorOf(error), trailers }
}

function errorOf(error: ServiceError): SeenError {
  const bytes = error.metadata?.get('grpc-status-details-bin')[0]
  return seenError(error.code, error.details, typeof bytes === 'object' ? readStatusDetails(bytes) : [])
}

function toMetadata(
  client: ClientOptions,
  { version = client.version, token = client.token ?? null, headers = {} }: CallOptions,
): Metadata {
  const metadata = new Metadata()
  if (version !== null) metadata.set('a2a-version', version)
  if (client.extensions !== undefined) metadata.set('a2a-extensions', client.extensions)
  if (token !== null) metadata.set('authorization', `Bearer ${token}`)
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

interface Form {
  fromJSON(value: unknown): unknown
  toJSON(value: never): unknown
}

const REQUESTS: Readonly<Record<Operation, Form>> = {
  SendMessage: SendMessageRequest,
  SendStreamingMessage: SendMessageRequest,
  GetTask: GetTaskRequest,
  ListTasks: ListTasksRequest,
  CancelTask: CancelTaskRequest,
  SubscribeToTask: SubscribeToTaskRequest,
  CreateTaskPushNotificationConfig: TaskPushNotificationConfig,
  GetTaskPushNotificationConfig: GetTaskPushNotificationConfigRequest,
  ListTaskPushNotificationConfigs: ListTaskPushNotificationConfigsRequest,
  DeleteTaskPushNotificationConfig: DeleteTaskPushNotificationConfigRequest,
  GetExtendedAgentCard: GetExtendedAgentCardRequest,
}

const RESPONSES: Readonly<Record<Operation, Form | undefined>> = {
  SendMessage: SendMessageResponse,
  SendStreamingMessage: StreamResponse,
  GetTask: Task,
  ListTasks: ListTasksResponse,
  CancelTask: Task,
  SubscribeToTask: StreamResponse,
  CreateTaskPushNotificationConfig: TaskPushNotificationConfig,
  GetTaskPushNotificationConfig: TaskPushNotificationConfig,
  ListTaskPushNotificationConfigs: ListTaskPushNotificationConfigsResponse,
  DeleteTaskPushNotificationConfig: undefined,
  GetExtendedAgentCard: AgentCard,
}

function definitionOf(operation: Operation) {
  const name = `${operation[0]!.toLowerCase()}${operation.slice(1)}` as keyof typeof A2AService
  return A2AService[name]
}

function pathOf(operation: Operation): string {
  return definitionOf(operation).path
}

export function encode(operation: Operation, request: JsonObject): Buffer {
  const serialize = definitionOf(operation).requestSerialize as (value: unknown) => Buffer
  return serialize(REQUESTS[operation].fromJSON(request))
}

export function decode(operation: Operation, bytes: Buffer): JsonObject {
  const form = RESPONSES[operation]
  if (form === undefined) return {}
  const message = definitionOf(operation).responseDeserialize(bytes) as never
  const json = form.toJSON(message) as JsonObject
  // An empty list and an empty string are not on the wire.
  if (operation === 'ListTasks') return { tasks: [], nextPageToken: '', pageSize: 0, totalSize: 0, ...json }
  if (operation === 'ListTaskPushNotificationConfigs') return { configs: [], ...json }
  return json
}

/** The card has `host:port`; some agents write a scheme before it. */
function grpcAddress(url: string): string {
  return url.replace(/^(?:https?|grpcs?|dns):\/{2,3}/, '').replace(/\/$/, '')
}

/** TLS everywhere but on loopback. */
function grpcCredentials(url: string) {
  const isLoopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(grpcAddress(url))
  return isLoopback && !/^(?:https|grpcs):/.test(url) ? credentials.createInsecure() : credentials.createSsl()
}
