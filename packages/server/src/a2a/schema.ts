/**
 * Every message of `a2a.proto` (package `lf.a2a.v1`, A2A 1.0.1), one field a line: its number, its type, and what is
 * said of it. A type ending in `[]` is repeated, `map<T>` has strings as keys. The last member is one of
 * - `required`: `google.api.field_behavior = REQUIRED`, and never empty where a client says it (specification §5.7);
 * - `required, may be empty`: REQUIRED, where the empty value is a value of its own: the last page, no scopes, a card
 *   with nothing to describe;
 * - `optional`: the keyword, so the default value and none at all are two things;
 * - `one of <name>`: a member of that oneof.
 */
export type FieldRow = readonly [number: number, type: string, rule?: string]
export type MessageRows = Readonly<Record<string, FieldRow>>

const REQUIRED = 'required'
const MAY_BE_EMPTY = 'required, may be empty'
const OPTIONAL = 'optional'
const CONTENT = 'one of content'
const SCHEME = 'one of scheme'
const FLOW = 'one of flow'
const PAYLOAD = 'one of payload'

export const ENUMS = {
  TaskState: [
    'TASK_STATE_UNSPECIFIED',
    'TASK_STATE_SUBMITTED',
    'TASK_STATE_WORKING',
    'TASK_STATE_COMPLETED',
    'TASK_STATE_FAILED',
    'TASK_STATE_CANCELED',
    'TASK_STATE_INPUT_REQUIRED',
    'TASK_STATE_REJECTED',
    'TASK_STATE_AUTH_REQUIRED',
  ],
  Role: ['ROLE_UNSPECIFIED', 'ROLE_USER', 'ROLE_AGENT'],
} as const satisfies Record<string, readonly string[]>

export const DATA = {
  Task: {
    id: [1, 'string', REQUIRED],
    contextId: [2, 'string'],
    status: [3, 'TaskStatus', REQUIRED],
    artifacts: [4, 'Artifact[]'],
    history: [5, 'Message[]'],
    metadata: [6, 'Struct'],
  },
  TaskStatus: {
    state: [1, 'TaskState', REQUIRED],
    message: [2, 'Message'],
    timestamp: [3, 'Timestamp'],
  },
  Part: {
    text: [1, 'string', CONTENT],
    raw: [2, 'bytes', CONTENT],
    url: [3, 'string', CONTENT],
    data: [4, 'Value', CONTENT],
    metadata: [5, 'Struct'],
    filename: [6, 'string'],
    mediaType: [7, 'string'],
  },
  Message: {
    messageId: [1, 'string', REQUIRED],
    contextId: [2, 'string'],
    taskId: [3, 'string'],
    role: [4, 'Role', REQUIRED],
    parts: [5, 'Part[]', REQUIRED],
    metadata: [6, 'Struct'],
    extensions: [7, 'string[]'],
    referenceTaskIds: [8, 'string[]'],
  },
  Artifact: {
    artifactId: [1, 'string', REQUIRED],
    name: [2, 'string'],
    description: [3, 'string'],
    parts: [4, 'Part[]', REQUIRED],
    metadata: [5, 'Struct'],
    extensions: [6, 'string[]'],
  },
  TaskStatusUpdateEvent: {
    taskId: [1, 'string', REQUIRED],
    contextId: [2, 'string', REQUIRED],
    status: [3, 'TaskStatus', REQUIRED],
    metadata: [4, 'Struct'],
  },
  TaskArtifactUpdateEvent: {
    taskId: [1, 'string', REQUIRED],
    contextId: [2, 'string', REQUIRED],
    artifact: [3, 'Artifact', REQUIRED],
    append: [4, 'bool'],
    lastChunk: [5, 'bool'],
    metadata: [6, 'Struct'],
  },
  AuthenticationInfo: {
    scheme: [1, 'string', REQUIRED],
    credentials: [2, 'string'],
  },
  TaskPushNotificationConfig: {
    tenant: [1, 'string'],
    id: [2, 'string'],
    taskId: [3, 'string'],
    url: [4, 'string', REQUIRED],
    token: [5, 'string'],
    authentication: [6, 'AuthenticationInfo'],
  },
} as const satisfies Record<string, MessageRows>

export const CARD = {
  AgentInterface: {
    url: [1, 'string', REQUIRED],
    protocolBinding: [2, 'string', REQUIRED],
    tenant: [3, 'string'],
    protocolVersion: [4, 'string', REQUIRED],
  },
  AgentCard: {
    name: [1, 'string', REQUIRED],
    description: [2, 'string', MAY_BE_EMPTY],
    supportedInterfaces: [3, 'AgentInterface[]', REQUIRED],
    provider: [4, 'AgentProvider'],
    version: [5, 'string', REQUIRED],
    documentationUrl: [6, 'string', OPTIONAL],
    capabilities: [7, 'AgentCapabilities', REQUIRED],
    securitySchemes: [8, 'map<SecurityScheme>'],
    securityRequirements: [9, 'SecurityRequirement[]'],
    defaultInputModes: [10, 'string[]', REQUIRED],
    defaultOutputModes: [11, 'string[]', REQUIRED],
    skills: [12, 'AgentSkill[]', REQUIRED],
    signatures: [13, 'AgentCardSignature[]'],
    iconUrl: [14, 'string', OPTIONAL],
  },
  AgentProvider: {
    url: [1, 'string', MAY_BE_EMPTY],
    organization: [2, 'string', REQUIRED],
  },
  AgentCapabilities: {
    streaming: [1, 'bool', OPTIONAL],
    pushNotifications: [2, 'bool', OPTIONAL],
    extensions: [3, 'AgentExtension[]'],
    extendedAgentCard: [4, 'bool', OPTIONAL],
  },
  AgentExtension: {
    uri: [1, 'string'],
    description: [2, 'string'],
    required: [3, 'bool'],
    params: [4, 'Struct'],
  },
  AgentSkill: {
    id: [1, 'string', REQUIRED],
    name: [2, 'string', REQUIRED],
    description: [3, 'string', MAY_BE_EMPTY],
    tags: [4, 'string[]', REQUIRED],
    examples: [5, 'string[]'],
    inputModes: [6, 'string[]'],
    outputModes: [7, 'string[]'],
    securityRequirements: [8, 'SecurityRequirement[]'],
  },
  AgentCardSignature: {
    protected: [1, 'string', REQUIRED],
    signature: [2, 'string', REQUIRED],
    header: [3, 'Struct'],
  },
} as const satisfies Record<string, MessageRows>

export const SECURITY = {
  StringList: {
    list: [1, 'string[]'],
  },
  SecurityRequirement: {
    schemes: [1, 'map<StringList>'],
  },
  SecurityScheme: {
    apiKeySecurityScheme: [1, 'APIKeySecurityScheme', SCHEME],
    httpAuthSecurityScheme: [2, 'HTTPAuthSecurityScheme', SCHEME],
    oauth2SecurityScheme: [3, 'OAuth2SecurityScheme', SCHEME],
    openIdConnectSecurityScheme: [4, 'OpenIdConnectSecurityScheme', SCHEME],
    mtlsSecurityScheme: [5, 'MutualTlsSecurityScheme', SCHEME],
  },
  APIKeySecurityScheme: {
    description: [1, 'string'],
    location: [2, 'string', REQUIRED],
    name: [3, 'string', REQUIRED],
  },
  HTTPAuthSecurityScheme: {
    description: [1, 'string'],
    scheme: [2, 'string', REQUIRED],
    bearerFormat: [3, 'string'],
  },
  OAuth2SecurityScheme: {
    description: [1, 'string'],
    flows: [2, 'OAuthFlows', REQUIRED],
    oauth2MetadataUrl: [3, 'string'],
  },
  OpenIdConnectSecurityScheme: {
    description: [1, 'string'],
    openIdConnectUrl: [2, 'string', REQUIRED],
  },
  MutualTlsSecurityScheme: {
    description: [1, 'string'],
  },
  OAuthFlows: {
    authorizationCode: [1, 'AuthorizationCodeOAuthFlow', FLOW],
    clientCredentials: [2, 'ClientCredentialsOAuthFlow', FLOW],
    implicit: [3, 'ImplicitOAuthFlow', FLOW],
    password: [4, 'PasswordOAuthFlow', FLOW],
    deviceCode: [5, 'DeviceCodeOAuthFlow', FLOW],
  },
  AuthorizationCodeOAuthFlow: {
    authorizationUrl: [1, 'string', REQUIRED],
    tokenUrl: [2, 'string', REQUIRED],
    refreshUrl: [3, 'string'],
    scopes: [4, 'map<string>', MAY_BE_EMPTY],
    pkceRequired: [5, 'bool'],
  },
  ClientCredentialsOAuthFlow: {
    tokenUrl: [1, 'string', REQUIRED],
    refreshUrl: [2, 'string'],
    scopes: [3, 'map<string>', MAY_BE_EMPTY],
  },
  ImplicitOAuthFlow: {
    authorizationUrl: [1, 'string'],
    refreshUrl: [2, 'string'],
    scopes: [3, 'map<string>'],
  },
  PasswordOAuthFlow: {
    tokenUrl: [1, 'string'],
    refreshUrl: [2, 'string'],
    scopes: [3, 'map<string>'],
  },
  DeviceCodeOAuthFlow: {
    deviceAuthorizationUrl: [1, 'string', REQUIRED],
    tokenUrl: [2, 'string', REQUIRED],
    refreshUrl: [3, 'string'],
    scopes: [4, 'map<string>', MAY_BE_EMPTY],
  },
} as const satisfies Record<string, MessageRows>

const REQUESTS = {
  SendMessageConfiguration: {
    acceptedOutputModes: [1, 'string[]'],
    taskPushNotificationConfig: [2, 'TaskPushNotificationConfig'],
    historyLength: [3, 'int32', OPTIONAL],
    returnImmediately: [4, 'bool'],
  },
  SendMessageRequest: {
    tenant: [1, 'string'],
    message: [2, 'Message', REQUIRED],
    configuration: [3, 'SendMessageConfiguration'],
    metadata: [4, 'Struct'],
  },
  GetTaskRequest: {
    tenant: [1, 'string'],
    id: [2, 'string', REQUIRED],
    historyLength: [3, 'int32', OPTIONAL],
  },
  ListTasksRequest: {
    tenant: [1, 'string'],
    contextId: [2, 'string'],
    status: [3, 'TaskState'],
    pageSize: [4, 'int32', OPTIONAL],
    pageToken: [5, 'string'],
    historyLength: [6, 'int32', OPTIONAL],
    statusTimestampAfter: [7, 'Timestamp'],
    includeArtifacts: [8, 'bool', OPTIONAL],
  },
  CancelTaskRequest: {
    tenant: [1, 'string'],
    id: [2, 'string', REQUIRED],
    metadata: [3, 'Struct'],
  },
  GetTaskPushNotificationConfigRequest: {
    tenant: [1, 'string'],
    taskId: [2, 'string', REQUIRED],
    id: [3, 'string', REQUIRED],
  },
  DeleteTaskPushNotificationConfigRequest: {
    tenant: [1, 'string'],
    taskId: [2, 'string', REQUIRED],
    id: [3, 'string', REQUIRED],
  },
  SubscribeToTaskRequest: {
    tenant: [1, 'string'],
    id: [2, 'string', REQUIRED],
  },
  ListTaskPushNotificationConfigsRequest: {
    tenant: [4, 'string'],
    taskId: [1, 'string', REQUIRED],
    pageSize: [2, 'int32'],
    pageToken: [3, 'string'],
  },
  GetExtendedAgentCardRequest: {
    tenant: [1, 'string'],
  },
} as const satisfies Record<string, MessageRows>

const RESPONSES = {
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
  ListTasksResponse: {
    tasks: [1, 'Task[]', MAY_BE_EMPTY],
    nextPageToken: [2, 'string', MAY_BE_EMPTY],
    pageSize: [3, 'int32', MAY_BE_EMPTY],
    totalSize: [4, 'int32', MAY_BE_EMPTY],
  },
  ListTaskPushNotificationConfigsResponse: {
    configs: [1, 'TaskPushNotificationConfig[]'],
    nextPageToken: [2, 'string'],
  },
  Empty: {},
} as const satisfies Record<string, MessageRows>

/** What errors carry over gRPC: `google.rpc.Status` and its details (specification §10.6). */
const RPC = {
  Status: {
    code: [1, 'int32'],
    message: [2, 'string'],
    details: [3, 'Any[]'],
  },
  Any: {
    typeUrl: [1, 'string'],
    value: [2, 'bytes'],
  },
  ErrorInfo: {
    reason: [1, 'string'],
    domain: [2, 'string'],
    metadata: [3, 'map<string>'],
  },
  BadRequest: {
    fieldViolations: [1, 'FieldViolation[]'],
  },
  FieldViolation: {
    field: [1, 'string'],
    description: [2, 'string'],
  },
} as const satisfies Record<string, MessageRows>

export const MESSAGES = { ...DATA, ...CARD, ...SECURITY, ...REQUESTS, ...RESPONSES, ...RPC } as const
export type MessageName = keyof typeof MESSAGES
