import {
  AgentCard,
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  Message,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk'
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
  type Client,
} from '@a2a-js/sdk/client'
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc'

export interface SdkFace {
  readonly binding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC'
  readonly version: '1.0' | '0.3'
}

/** What an operation came to: JSON of 1.0, or what the SDK threw. */
export interface SdkAnswer {
  readonly result?: any
  readonly error?: any
}

export interface SdkA2aClient {
  readonly card: AgentCard
  ask(operation: string, request: object): Promise<SdkAnswer>
  /** Events until the end, or until `until` says so; an error is the last. */
  stream(operation: string, request: object, until?: (event: any) => boolean): Promise<any[]>
}

const legacyCompat = { enabled: true }

/** The reference SDK's client, over one of the interfaces that the card names. */
export async function openSdkA2aClient(
  agentUrl: string,
  { binding, version }: SdkFace,
  headers: Readonly<Record<string, string>>,
): Promise<SdkA2aClient> {
  const resolver = new DefaultAgentCardResolver({ legacyCompat })
  const card = await resolver.resolve(`${agentUrl}/`, '.well-known/agent-card.json')
  const supportedInterfaces = card.supportedInterfaces.filter(
    (face) => face.protocolBinding === binding && face.protocolVersion === version,
  )
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ legacyCompat }),
      new RestTransportFactory({ legacyCompat }),
      new GrpcTransportFactory({ legacyCompat }),
    ],
  })
  const client = await factory.createFromAgentCard({ ...card, supportedInterfaces })
  const options = { serviceParameters: { ...headers } }
  return {
    card,
    async ask(operation, request) {
      try {
        return { result: await UNARY[operation]!(client, request, options) }
      } catch (error) {
        return { error }
      }
    },
    async stream(operation, request, until = () => false) {
      const events: any[] = []
      try {
        const stream =
          operation === 'SubscribeToTask'
            ? client.resubscribeTask(SubscribeToTaskRequest.fromJSON(request), options)
            : client.sendMessageStream(SendMessageRequest.fromJSON(request), options)
        for await (const event of stream) {
          events.push(StreamResponse.toJSON(event))
          if (until(events.at(-1))) break
        }
      } catch (error) {
        events.push({ error })
      }
      return events
    },
  }
}

type Options = { serviceParameters: Record<string, string> }

const UNARY: Readonly<Record<string, (client: Client, request: object, options: Options) => Promise<any>>> = {
  async SendMessage(client, request, options) {
    const result = await client.sendMessage(SendMessageRequest.fromJSON(request), options)
    return 'messageId' in result ? { message: Message.toJSON(result) } : { task: Task.toJSON(result) }
  },
  GetTask: async (client, request, options) =>
    Task.toJSON(await client.getTask(GetTaskRequest.fromJSON(request), options)),
  CancelTask: async (client, request, options) =>
    Task.toJSON(await client.cancelTask(CancelTaskRequest.fromJSON(request), options)),
  ListTasks: async (client, request, options) =>
    ListTasksResponse.toJSON(await client.listTasks(ListTasksRequest.fromJSON(request), options)),
  CreateTaskPushNotificationConfig: async (client, request, options) =>
    TaskPushNotificationConfig.toJSON(
      await client.createTaskPushNotificationConfig(TaskPushNotificationConfig.fromJSON(request), options),
    ),
  GetTaskPushNotificationConfig: async (client, request, options) =>
    TaskPushNotificationConfig.toJSON(
      await client.getTaskPushNotificationConfig(
        GetTaskPushNotificationConfigRequest.fromJSON(request),
        options,
      ),
    ),
  ListTaskPushNotificationConfigs: async (client, request, options) =>
    ListTaskPushNotificationConfigsResponse.toJSON(
      await client.listTaskPushNotificationConfig(
        ListTaskPushNotificationConfigsRequest.fromJSON(request),
        options,
      ),
    ),
  async DeleteTaskPushNotificationConfig(client, request, options) {
    await client.deleteTaskPushNotificationConfig(
      DeleteTaskPushNotificationConfigRequest.fromJSON(request),
      options,
    )
    return {}
  },
  GetExtendedAgentCard: async (client, _request, options) =>
    AgentCard.toJSON(await client.getAgentCard(options)),
}
