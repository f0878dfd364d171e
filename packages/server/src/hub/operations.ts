import type { OperationName } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { cancelTask } from './cancel-task.ts'
import { getExtendedCard } from './get-extended-card.ts'
import { getTask } from './get-task.ts'
import type { HubCall, HubReply } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { listTasks } from './list-tasks.ts'
import { createPushConfig, deletePushConfig, getPushConfig, listPushConfigs } from './push-configs.ts'
import { sendMessage } from './send-message.ts'
import { streamMessage } from './stream-message.ts'
import { subscribeTask } from './subscribe-task.ts'

type Unary = (hub: HubState, call: HubCall) => JsonObject | Promise<JsonObject>
type Streaming = (hub: HubState, call: HubCall, reply: HubReply) => Promise<void>

/** Operations that answer once (specification §3.1). */
export const UNARY: { readonly [name in OperationName]?: Unary } = {
  SendMessage: sendMessage,
  GetTask: getTask,
  ListTasks: listTasks,
  CancelTask: cancelTask,
  CreateTaskPushNotificationConfig: createPushConfig,
  GetTaskPushNotificationConfig: getPushConfig,
  ListTaskPushNotificationConfigs: listPushConfigs,
  DeleteTaskPushNotificationConfig: deletePushConfig,
  GetExtendedAgentCard: getExtendedCard,
}

/** Operations that answer with a stream. */
export const STREAMING: { readonly [name in OperationName]?: Streaming } = {
  SendStreamingMessage: streamMessage,
  SubscribeToTask: subscribeTask,
}
