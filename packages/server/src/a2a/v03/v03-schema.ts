import { shapeMessages, type MessageShape } from '../message-shapes.ts'
import { CARD, DATA, SECURITY, type MessageRows } from '../schema.ts'

/**
 * The messages of the proto of 0.3 (package `a2a.v1`) by their JSON names, where they differ from those of 1.0. Of the
 * fields that 0.3.0 lacks, those that later 0.3 agents send are here: readers pass over what they do not know.
 */
const TASK_STATES = [
  'TASK_STATE_UNSPECIFIED',
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELLED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_AUTH_REQUIRED',
] as const
const ROLES = ['ROLE_UNSPECIFIED', 'ROLE_USER', 'ROLE_AGENT'] as const

const PART = 'one of part'
const FILE = 'one of file'
const FLOW = 'one of flow'
const PAYLOAD = 'one of payload'

const V03_DATA: Readonly<Record<string, MessageRows>> = {
  Task: withoutRules(DATA.Task),
  TaskStatus: withoutRules(DATA.TaskStatus),
  Part: {
    text: [1, 'string', PART],
    file: [2, 'FilePart', PART],
    data: [3, 'DataPart', PART],
    metadata: [4, 'Struct'],
  },
  FilePart: {
    fileWithUri: [1, 'string', FILE],
    fileWithBytes: [2, 'bytes', FILE],
    mimeType: [3, 'string'],
    name: [4, 'string'],
  },
  DataPart: {
    data: [1, 'Struct'],
  },
  Message: {
    messageId: [1, 'string'],
    contextId: [2, 'string'],
    taskId: [3, 'string'],
    role: [4, 'Role'],
    content: [5, 'Part[]'],
    metadata: [6, 'Struct'],
    extensions: [7, 'string[]'],
    referenceTaskIds: [8, 'string[]'],
  },
  Artifact: {
    artifactId: [1, 'string'],
    name: [3, 'string'],
    description: [4, 'string'],
    parts: [5, 'Part[]'],
    metadata: [6, 'Struct'],
    extensions: [7, 'string[]'],
  },
  TaskStatusUpdateEvent: {
    taskId: [1, 'string'],
    contextId: [2, 'string'],
    status: [3, 'TaskStatus'],
    final: [4, 'bool'],
    metadata: [5, 'Struct'],
  },
  TaskArtifactUpdateEvent: withoutRules(DATA.TaskArtifactUpdateEvent),
  PushNotificationConfig: {
    id: [1, 'string'],
    url: [2, 'string'],
    token: [3, 'string'],
    authentication: [4, 'AuthenticationInfo'],
  },
  AuthenticationInfo: {
    schemes: [1, 'string[]'],
    credentials: [2, 'string'],
  },
  TaskPushNotificationConfig: {
    name: [1, 'string'],
    pushNotificationConfig: [2, 'PushNotificationConfig'],
  },
}

const V03_CARD: Readonly<Record<string, MessageRows>> = {
  AgentInterface: {
    url: [1, 'string'],
    transport: [2, 'string'],
  },
  AgentCard: {
    name: [1, 'string'],
    description: [2, 'string'],
    url: [3, 'string'],
    provider: [4, 'AgentProvider'],
    version: [5, 'string'],
    documentationUrl: [6, 'string'],
    capabilities: [7, 'AgentCapabilities'],
    securitySchemes: [8, 'map<SecurityScheme>'],
    security: [9, 'SecurityRequirement[]'],
    defaultInputModes: [10, 'string[]'],
    defaultOutputModes: [11, 'string[]'],
    skills: [12, 'AgentSkill[]'],
    supportsAuthenticatedExtendedCard: [13, 'bool'],
    preferredTransport: [14, 'string'],
    additionalInterfaces: [15, 'AgentInterface[]'],
    protocolVersion: [16, 'string'],
    signatures: [17, 'AgentCardSignature[]'],
    iconUrl: [18, 'string'],
  },
  AgentProvider: withoutRules(CARD.AgentProvider),
  AgentCapabilities: {
    streaming: [1, 'bool'],
    pushNotifications: [2, 'bool'],
    extensions: [3, 'AgentExtension[]'],
  },
  AgentExtension: CARD.AgentExtension,
  AgentSkill: {
    id: [1, 'string'],
    name: [2, 'string'],
    description: [3, 'string'],
    tags: [4, 'string[]'],
    examples: [5, 'string[]'],
    inputModes: [6, 'string[]'],
    outputModes: [7, 'string[]'],
    security: [8, 'SecurityRequirement[]'],
  },
  AgentCardSignature: withoutRules(CARD.AgentCardSignature),
  ...Object.fromEntries(Object.entries(SECURITY).map(([name, rows]) => [name, keepOneofs(rows)])),
  OAuthFlows: {
    authorizationCode: [1, 'AuthorizationCodeOAuthFlow', FLOW],
    clientCredentials: [2, 'ClientCredentialsOAuthFlow', FLOW],
    implicit: [3, 'ImplicitOAuthFlow', FLOW],
    password: [4, 'PasswordOAuthFlow', FLOW],
  },
}

const V03_CALLS: Readonly<Record<string, MessageRows>> = {
  SendMessageConfiguration: {
    acceptedOutputModes: [1, 'string[]'],
    pushNotification: [2, 'PushNotificationConfig'],
    historyLength: [3, 'int32'],
    blocking: [4, 'bool'],
  },
  SendMessageRequest: {
    message: [1, 'Message'],
    configuration: [2, 'SendMessageConfiguration'],
    metadata: [3, 'Struct'],
  },
  GetTaskRequest: {
    name: [1, 'string'],
    historyLength: [2, 'int32'],
  },
  CancelTaskRequest: {
    name: [1, 'string'],
  },
  TaskSubscriptionRequest: {
    name: [1, 'string'],
  },
  CreateTaskPushNotificationConfigRequest: {
    parent: [1, 'string'],
    configId: [2, 'string'],
    config: [3, 'TaskPushNotificationConfig'],
  },
  GetTaskPushNotificationConfigRequest: {
    name: [1, 'string'],
  },
  DeleteTaskPushNotificationConfigRequest: {
    name: [1, 'string'],
  },
  ListTaskPushNotificationConfigRequest: {
    parent: [1, 'string'],
    pageSize: [2, 'int32'],
    pageToken: [3, 'string'],
  },
  GetAgentCardRequest: {},
  SendMessageResponse: {
    task: [1, 'Task', PAYLOAD],
    message: [2, 'Message', PAYLOAD],
  },
  StreamResponse: {
    task: [1, 'Task', PAYLOAD],
    message: [2, 'Message', PAYLOAD],
    statusUpdate: [3, 'TaskStatusUpdateEvent', PAYLOAD],
    artifactUpdate: [4, 'TaskArtifactUpdateEvent', PAYLOAD],
  },
  ListTaskPushNotificationConfigResponse: {
    configs: [1, 'TaskPushNotificationConfig[]'],
    nextPageToken: [2, 'string'],
  },
  Empty: {},
}

export const V03_SHAPES: Readonly<Record<string, MessageShape>> = shapeMessages(
  { ...V03_DATA, ...V03_CARD, ...V03_CALLS },
  { TaskState: TASK_STATES, Role: ROLES },
)

/** The proto of 0.3 says nothing of what is required, and has no presence. */
function withoutRules(rows: MessageRows): MessageRows {
  return Object.fromEntries(Object.entries(rows).map(([name, [number, type]]) => [name, [number, type]]))
}

function keepOneofs(rows: MessageRows): MessageRows {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [name, row[2]?.startsWith('one of') ? row : [row[0], row[1]]]),
  )
}
