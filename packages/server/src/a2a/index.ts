export { canonicalCard } from './cards/canonical-card.ts'
export type { CardReading } from './cards/canonical-card.ts'
export { isCardKey } from './cards/card-algorithms.ts'
export { MAX_CARD_BYTES, readCard, readCardJson } from './cards/read-card.ts'
export type { ReadCard } from './cards/read-card.ts'
export { signCard } from './cards/sign-card.ts'
export type { CardSigningKey } from './cards/sign-card.ts'
export { verifyCard } from './cards/verify-card.ts'
export type { CardTrust, CardVerification, EnrolledCardKey } from './cards/verify-card.ts'
export { checkMessage } from './check-message.ts'
export type { CheckedMessage, FieldViolation, Speaker } from './check-message.ts'
export { checkAnswer, checkRequest, refuseFields } from './check-request.ts'
export { badRequest, detailsOf } from './errors/error-details.ts'
export type { ErrorContext, ErrorDetail } from './errors/error-details.ts'
export { A2A_ERRORS, A2A_ERROR_DOMAIN, GRPC_STATUS, PARLEY_ERROR_DOMAIN } from './errors/error-forms.ts'
export type { A2aErrorForm, GrpcStatusName } from './errors/error-forms.ts'
export { fromGrpcStatus } from './errors/from-grpc-status.ts'
export { fromHttpError } from './errors/from-http-error.ts'
export { fromJsonRpcError } from './errors/from-json-rpc-error.ts'
export { GRPC_DETAILS_KEY, toGrpcStatus } from './errors/to-grpc-status.ts'
export type { GrpcStatus } from './errors/to-grpc-status.ts'
export { A2A_MEDIA_TYPE, toHttpError } from './errors/to-http-error.ts'
export type { HttpError } from './errors/to-http-error.ts'
export { toJsonRpcError } from './errors/to-json-rpc-error.ts'
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
export { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from './proto/exchange-bytes.ts'
export { readTenant } from './proto/read-tenant.ts'
export type { MessageName } from './schema.ts'
export { TaskDocument } from './task-document.ts'
export type { TaskView } from './task-document.ts'
export { readTimestamp, toUtcTimestamp, writeTimestamp } from './timestamp.ts'
export { answerFromV03, answerToV03, eventToV03 } from './v03/answers.ts'
export { cardFromV03 } from './v03/card-from-v03.ts'
export { cardToV03 } from './v03/card-to-v03.ts'
export { operationOfV03, V03_GRPC_SERVICE, V03_METHODS } from './v03/methods.ts'
export type { V03Method } from './v03/methods.ts'
export { requestFromV03, requestToV03 } from './v03/requests.ts'
export { toV03Error } from './v03/to-v03-error.ts'
export type { V03Error } from './v03/to-v03-error.ts'
export { decodeV03Answer, decodeV03Request, encodeV03Answer, encodeV03Request } from './v03/v03-bytes.ts'
