export { checkMessage } from './check-message.ts'
export type { CheckedMessage, FieldViolation, Speaker } from './check-message.ts'
export { checkAnswer, checkRequest, refuseFields } from './check-request.ts'
export { A2A_ERRORS, A2A_ERROR_DOMAIN, GRPC_STATUS, PARLEY_ERROR_DOMAIN } from './error-forms.ts'
export type { A2aErrorForm, GrpcStatusName } from './error-forms.ts'
export { A2A_TASK_STATES, isInterrupted, isTerminal } from './model.ts'
export type {
  A2aTask,
  A2aTaskState,
  AgentCapabilities,
  AgentCard,
  AgentCardSignature,
  AgentExtension,
  AgentInterface,
  AgentSkill,
  Artifact,
  AuthenticationInfo,
  ListTasksRequest,
  Message,
  Part,
  Role,
  SecurityRequirement,
  SendMessageConfiguration,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskStatus,
  TaskStatusUpdateEvent,
} from './model.ts'
export { A2A_VERSIONS, BINDINGS, OPERATIONS } from './operations.ts'
export type { A2aVersion, Binding, OperationName, StreamingOperation, UnaryOperation } from './operations.ts'
export { TaskDocument } from './task-document.ts'
export type { TaskView } from './task-document.ts'
export type { MessageName } from './schema.ts'
export { readTimestamp, toUtcTimestamp, writeTimestamp } from './timestamp.ts'
