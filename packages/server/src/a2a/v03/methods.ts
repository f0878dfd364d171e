import type { OperationName } from '../operations.ts'

/** What 0.3 has of an operation; `{id}` and `{taskId}` in a path are fields of the request of 1.0. */
export interface V03Method {
  readonly jsonRpc: string
  /** Of the service `a2a.v1.A2AService`. */
  readonly grpc: string
  readonly grpcRequest: string
  readonly grpcResponse: string
  readonly http: readonly [method: string, path: string]
}

export const V03_GRPC_SERVICE = 'a2a.v1.A2AService'

/** The operations that 0.3 has, by their names of 1.0; it cannot list tasks over JSON-RPC, and nobody does elsewhere. */
export const V03_METHODS: Readonly<Partial<Record<OperationName, V03Method>>> = {
  SendMessage: {
    jsonRpc: 'message/send',
    grpc: 'SendMessage',
    grpcRequest: 'SendMessageRequest',
    grpcResponse: 'SendMessageResponse',
    http: ['POST', '/v1/message:send'],
  },
  SendStreamingMessage: {
    jsonRpc: 'message/stream',
    grpc: 'SendStreamingMessage',
    grpcRequest: 'SendMessageRequest',
    grpcResponse: 'StreamResponse',
    http: ['POST', '/v1/message:stream'],
  },
  GetTask: {
    jsonRpc: 'tasks/get',
    grpc: 'GetTask',
    grpcRequest: 'GetTaskRequest',
    grpcResponse: 'Task',
    http: ['GET', '/v1/tasks/{id}'],
  },
  CancelTask: {
    jsonRpc: 'tasks/cancel',
    grpc: 'CancelTask',
    grpcRequest: 'CancelTaskRequest',
    grpcResponse: 'Task',
    http: ['POST', '/v1/tasks/{id}:cancel'],
  },
  // The proto says GET, and agents take that one alone; a server takes POST too.
  SubscribeToTask: {
    jsonRpc: 'tasks/resubscribe',
    grpc: 'TaskSubscription',
    grpcRequest: 'TaskSubscriptionRequest',
    grpcResponse: 'StreamResponse',
    http: ['GET', '/v1/tasks/{id}:subscribe'],
  },
  CreateTaskPushNotificationConfig: {
    jsonRpc: 'tasks/pushNotificationConfig/set',
    grpc: 'CreateTaskPushNotificationConfig',
    grpcRequest: 'CreateTaskPushNotificationConfigRequest',
    grpcResponse: 'TaskPushNotificationConfig',
    http: ['POST', '/v1/tasks/{taskId}/pushNotificationConfigs'],
  },
  GetTaskPushNotificationConfig: {
    jsonRpc: 'tasks/pushNotificationConfig/get',
    grpc: 'GetTaskPushNotificationConfig',
    grpcRequest: 'GetTaskPushNotificationConfigRequest',
    grpcResponse: 'TaskPushNotificationConfig',
    http: ['GET', '/v1/tasks/{taskId}/pushNotificationConfigs/{id}'],
  },
  ListTaskPushNotificationConfigs: {
    jsonRpc: 'tasks/pushNotificationConfig/list',
    grpc: 'ListTaskPushNotificationConfig',
    grpcRequest: 'ListTaskPushNotificationConfigRequest',
    grpcResponse: 'ListTaskPushNotificationConfigResponse',
    http: ['GET', '/v1/tasks/{taskId}/pushNotificationConfigs'],
  },
  DeleteTaskPushNotificationConfig: {
    jsonRpc: 'tasks/pushNotificationConfig/delete',
    grpc: 'DeleteTaskPushNotificationConfig',
    grpcRequest: 'DeleteTaskPushNotificationConfigRequest',
    grpcResponse: 'Empty',
    http: ['DELETE', '/v1/tasks/{taskId}/pushNotificationConfigs/{id}'],
  },
  GetExtendedAgentCard: {
    jsonRpc: 'agent/getAuthenticatedExtendedCard',
    grpc: 'GetAgentCard',
    grpcRequest: 'GetAgentCardRequest',
    grpcResponse: 'AgentCard',
    http: ['GET', '/v1/card'],
  },
}

const BY_METHOD: ReadonlyMap<string, OperationName> = new Map(
  (Object.keys(V03_METHODS) as OperationName[]).map((operation) => [
    V03_METHODS[operation]!.jsonRpc,
    operation,
  ]),
)

/** The operation that a JSON-RPC method of 0.3 names. */
export function operationOfV03(method: string): OperationName | undefined {
  return BY_METHOD.get(method)
}
