/**
 * The operations of A2A 1.0 (specification §5.3) with their messages in `a2a.proto`. JSON-RPC and gRPC methods have the
 * same names; `http` is the method and path of HTTP+JSON, where `{id}` and `{taskId}` are fields of the request.
 */
export const OPERATIONS = {
  SendMessage: {
    request: 'SendMessageRequest',
    response: 'SendMessageResponse',
    streams: false,
    http: ['POST', '/message:send'],
  },
  SendStreamingMessage: {
    request: 'SendMessageRequest',
    response: 'StreamResponse',
    streams: true,
    http: ['POST', '/message:stream'],
  },
  GetTask: { request: 'GetTaskRequest', response: 'Task', streams: false, http: ['GET', '/tasks/{id}'] },
  ListTasks: {
    request: 'ListTasksRequest',
    response: 'ListTasksResponse',
    streams: false,
    http: ['GET', '/tasks'],
  },
  CancelTask: {
    request: 'CancelTaskRequest',
    response: 'Task',
    streams: false,
    http: ['POST', '/tasks/{id}:cancel'],
  },
  // The proto says GET, §5.3 and §11.3.2 say POST: a server takes both.
  SubscribeToTask: {
    request: 'SubscribeToTaskRequest',
    response: 'StreamResponse',
    streams: true,
    http: ['POST', '/tasks/{id}:subscribe'],
  },
  CreateTaskPushNotificationConfig: {
    request: 'TaskPushNotificationConfig',
    response: 'TaskPushNotificationConfig',
    streams: false,
    http: ['POST', '/tasks/{taskId}/pushNotificationConfigs'],
  },
  GetTaskPushNotificationConfig: {
    request: 'GetTaskPushNotificationConfigRequest',
    response: 'TaskPushNotificationConfig',
    streams: false,
    http: ['GET', '/tasks/{taskId}/pushNotificationConfigs/{id}'],
  },
  ListTaskPushNotificationConfigs: {
    request: 'ListTaskPushNotificationConfigsRequest',
    response: 'ListTaskPushNotificationConfigsResponse',
    streams: false,
    http: ['GET', '/tasks/{taskId}/pushNotificationConfigs'],
  },
  DeleteTaskPushNotificationConfig: {
    request: 'DeleteTaskPushNotificationConfigRequest',
    response: 'Empty',
    streams: false,
    http: ['DELETE', '/tasks/{taskId}/pushNotificationConfigs/{id}'],
  },
  GetExtendedAgentCard: {
    request: 'GetExtendedAgentCardRequest',
    response: 'AgentCard',
    streams: false,
    http: ['GET', '/extendedAgentCard'],
  },
} as const satisfies Record<
  string,
  { request: string; response: string; streams: boolean; http: readonly [string, string] }
>

export type OperationName = keyof typeof OPERATIONS
export type StreamingOperation = 'SendStreamingMessage' | 'SubscribeToTask'
export type UnaryOperation = Exclude<OperationName, StreamingOperation>

/** The versions spoken, newest first; an empty `A2A-Version` means 0.3 (§3.6.2). */
export const A2A_VERSIONS = ['1.0', '0.3'] as const
export type A2aVersion = (typeof A2A_VERSIONS)[number]

export const BINDINGS = ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const
export type Binding = (typeof BINDINGS)[number]
