import { interfaceOf } from '../subject.ts'
import type { Subject } from '../subject.ts'
import type { EventStream } from '../wire/event-stream.ts'
import { objectAt, textAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import type { Binding, Operation } from '../wire/operations.ts'
import { told } from '../wire/reply.ts'
import type { A2aClient, CallOptions, Reply } from '../wire/reply.ts'
import type { HttpJsonClient } from '../wire/http-json-client.ts'
import type { JsonRpcClient } from '../wire/json-rpc-client.ts'
import type { GrpcClient } from '../wire/grpc-client.ts'
import type { WebhookListener } from '../webhook-listener.ts'
import { insist, NotJudged } from './check.ts'

export interface Clients {
  readonly JSONRPC: JsonRpcClient | undefined
  readonly 'HTTP+JSON': HttpJsonClient | undefined
  readonly GRPC: GrpcClient | undefined
}

/** What a check works with: the subject, a client of the binding that it is run in, and short words for asking. */
export class Scene {
  readonly subject: Subject
  readonly binding: Binding
  readonly clients: Clients
  readonly webhooks: WebhookListener
  readonly #streams: EventStream[] = []

  constructor(parts: { subject: Subject; binding: Binding; clients: Clients; webhooks: WebhookListener }) {
    this.subject = parts.subject
    this.binding = parts.binding
    this.clients = parts.clients
    this.webhooks = parts.webhooks
  }

  get client(): A2aClient {
    return this.clientOf(this.binding)
  }

  get jsonRpc(): JsonRpcClient {
    return this.clientOf('JSONRPC')
  }

  get httpJson(): HttpJsonClient {
    return this.clientOf('HTTP+JSON')
  }

  get grpc(): GrpcClient {
    return this.clientOf('GRPC')
  }

  clientOf<B extends Binding>(binding: B): NonNullable<Clients[B]> {
    const client = this.clients[binding]
    if (client === undefined || client === null) throw new NotJudged(`the card has no ${binding}`)
    return client as NonNullable<Clients[B]>
  }

  /** Where an interface of the card is; undefined when it has none. */
  interfaceOf(binding: Binding, version: string) {
    return interfaceOf(this.subject, binding, version)
  }

  /** A message whose id begins with the name of a script. */
  message(script: string, more: JsonObject = {}): JsonObject {
    return { messageId: newId(script), role: 'ROLE_USER', parts: [{ text: 'Hello' }], ...more }
  }

  call(operation: Operation, request: JsonObject = {}, options: CallOptions = {}): Promise<Reply> {
    return this.client.call(operation, request, options)
  }

  send(script: string, { message, configuration, options }: Asking = {}): Promise<Reply> {
    return this.call(
      'SendMessage',
      { message: this.message(script, message), ...(configuration === undefined ? {} : { configuration }) },
      options,
    )
  }

  /** Sends, and insists on a task. */
  async task(script: string, asking: Asking = {}): Promise<JsonObject> {
    const reply = await this.send(script, asking)
    const task = objectAt(reply.result, 'task')
    insist(textAt(task, 'id') !== '', `a task was expected, and came ${told(reply)}`)
    return task
  }

  /** A task that goes on, once it is working. */
  async workingTask(script = 'own-endless'): Promise<JsonObject> {
    const task = await this.task(script, { configuration: { returnImmediately: true } })
    for (let round = 0; round < 40; round++) {
      const seen = await this.result('GetTask', { id: task['id'] })
      if (textAt(seen, 'status', 'state') === 'TASK_STATE_WORKING') return seen
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('the task did not begin to work in 2 s')
  }

  /** Calls, and insists on a result. */
  async result(operation: Operation, request: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    const reply = await this.call(operation, request, options)
    insist(reply.result !== undefined, `${operation} failed: ${told(reply)}`)
    return reply.result
  }

  /** Opens a stream for a new message, and insists on one. */
  async stream(script: string, { message, configuration, options }: Asking = {}): Promise<EventStream> {
    return this.opened(
      await this.client.open(
        'SendStreamingMessage',
        { message: this.message(script, message), ...(configuration === undefined ? {} : { configuration }) },
        options,
      ),
    )
  }

  async subscribe(taskId: string): Promise<EventStream> {
    return this.opened(await this.client.open('SubscribeToTask', { id: taskId }))
  }

  /** Keeps the stream, to close it when the check is over. */
  opened(stream: EventStream): EventStream {
    this.#streams.push(stream)
    insist(stream.refusal === undefined, `a stream was expected, and came ${told(stream.refusal ?? {})}`)
    return stream
  }

  close(): void {
    for (const stream of this.#streams) stream.close()
  }
}

export interface Asking {
  /** More of the message. */
  readonly message?: JsonObject
  readonly configuration?: JsonObject
  readonly options?: CallOptions
}

/** An id that nothing else has; it begins with the name of a script. */
export function newId(prefix: string): string {
  return `${prefix}-${crypto.randomUUID()}`
}

export function stateOf(value: unknown): string {
  return (
    textAt(value, 'status', 'state') ||
    textAt(value, 'task', 'status', 'state') ||
    textAt(value, 'statusUpdate', 'status', 'state')
  )
}

export const TERMINAL_STATES: readonly string[] = [
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
]
