import { isObject } from './json.ts'

/**
 * The messages of `a2a.proto` that a server writes, in their JSON form. After the type: `!` required, `*` repeated,
 * `+` repeated with at least one. `oneof` counts the members of which exactly one is there.
 */
const MESSAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Task: {
    id: 'string!',
    contextId: 'string',
    status: 'TaskStatus!',
    artifacts: 'Artifact*',
    history: 'Message*',
    metadata: 'struct',
  },
  TaskStatus: { state: 'TaskState!', message: 'Message', timestamp: 'timestamp' },
  Message: {
    messageId: 'string!',
    contextId: 'string',
    taskId: 'string',
    role: 'Role!',
    parts: 'Part+',
    metadata: 'struct',
    extensions: 'string*',
    referenceTaskIds: 'string*',
  },
  Part: {
    text: 'text',
    raw: 'bytes',
    url: 'text',
    data: 'any',
    metadata: 'struct',
    filename: 'string',
    mediaType: 'string',
  },
  Artifact: {
    artifactId: 'string!',
    name: 'string',
    description: 'string',
    parts: 'Part+',
    metadata: 'struct',
    extensions: 'string*',
  },
  TaskStatusUpdateEvent: {
    taskId: 'string!',
    contextId: 'string!',
    status: 'TaskStatus!',
    metadata: 'struct',
  },
  TaskArtifactUpdateEvent: {
    taskId: 'string!',
    contextId: 'string!',
    artifact: 'Artifact!',
    append: 'boolean',
    lastChunk: 'boolean',
    metadata: 'struct',
  },
  StreamResponse: {
    task: 'Task',
    message: 'Message',
    statusUpdate: 'TaskStatusUpdateEvent',
    artifactUpdate: 'TaskArtifactUpdateEvent',
  },
  SendMessageResponse: { task: 'Task', message: 'Message' },
  ListTasksResponse: {
    tasks: 'Task*',
    nextPageToken: 'text!',
    pageSize: 'number!',
    totalSize: 'number!',
  },
  TaskPushNotificationConfig: {
    tenant: 'string',
    id: 'string',
    taskId: 'string',
    url: 'string!',
    token: 'string',
    authentication: 'AuthenticationInfo',
  },
  AuthenticationInfo: { scheme: 'string!', credentials: 'string' },
  ListTaskPushNotificationConfigsResponse: { configs: 'TaskPushNotificationConfig*', nextPageToken: 'text' },
  AgentCard: {
    name: 'string!',
    description: 'text!',
    supportedInterfaces: 'AgentInterface+',
    provider: 'AgentProvider',
    version: 'string!',
    documentationUrl: 'string',
    capabilities: 'AgentCapabilities!',
    securitySchemes: 'struct',
    securityRequirements: 'SecurityRequirement*',
    defaultInputModes: 'string+',
    defaultOutputModes: 'string+',
    skills: 'AgentSkill+',
    signatures: 'AgentCardSignature*',
    iconUrl: 'string',
  },
  AgentInterface: {
    url: 'string!',
    protocolBinding: 'string!',
    tenant: 'text',
    protocolVersion: 'string!',
  },
  AgentProvider: { url: 'string!', organization: 'string!' },
  AgentCapabilities: {
    streaming: 'boolean',
    pushNotifications: 'boolean',
    extensions: 'AgentExtension*',
    extendedAgentCard: 'boolean',
  },
  AgentExtension: { uri: 'string!', description: 'text', required: 'boolean', params: 'struct' },
  SecurityRequirement: { schemes: 'struct' },
  AgentSkill: {
    id: 'string!',
    name: 'string!',
    description: 'text!',
    tags: 'string+',
    examples: 'string*',
    inputModes: 'string*',
    outputModes: 'string*',
    securityRequirements: 'SecurityRequirement*',
  },
  AgentCardSignature: { protected: 'string!', signature: 'string!', header: 'struct' },
}

const ONEOF: Readonly<Record<string, readonly string[]>> = {
  Part: ['text', 'raw', 'url', 'data'],
  StreamResponse: ['task', 'message', 'statusUpdate', 'artifactUpdate'],
  SendMessageResponse: ['task', 'message'],
}

export const TASK_STATES: readonly string[] = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
]

/** §5.6.1: ISO 8601 in UTC, written with `Z`. */
export const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string' && value !== '',
  text: (value) => typeof value === 'string',
  number: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  struct: isObject,
  any: (value) => value !== undefined,
  bytes: (value) => typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value),
  timestamp: (value) => typeof value === 'string' && TIMESTAMP.test(value),
  TaskState: (value) => TASK_STATES.includes(value as string),
  Role: (value) => value === 'ROLE_USER' || value === 'ROLE_AGENT',
}

/** What is wrong with a message of A2A 1.0, in words; nothing when it is right. */
export function shapeComplaints(message: string, value: unknown, at = message): string[] {
  const fields = MESSAGES[message]
  if (fields === undefined) throw new Error(`No message is called ${message}`)
  if (!isObject(value)) return [`${at} is no object`]
  const complaints = Object.keys(value)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => `${at}.${name} is no field of ${message}`)
  for (const [name, type] of Object.entries(fields))
    complaints.push(...fieldComplaints(type, value[name], `${at}.${name}`))
  const oneOf = ONEOF[message]
  const present = oneOf?.filter((name) => name in value)
  if (present !== undefined && present.length !== 1)
    complaints.push(`${at} has ${present.length} of ${oneOf?.join(', ')}`)
  return complaints
}

function fieldComplaints(type: string, value: unknown, at: string): string[] {
  const mark = /[!*+]$/.exec(type)?.[0]
  const kind = mark === undefined ? type : type.slice(0, -1)
  if (value === undefined) return mark === '!' || mark === '+' ? [`${at} is missing`] : []
  if (mark !== '*' && mark !== '+') return valueComplaints(kind, value, at)
  if (!Array.isArray(value)) return [`${at} is no list`]
  if (mark === '+' && value.length === 0) return [`${at} is empty`]
  return value.flatMap((each, index) => valueComplaints(kind, each, `${at}[${index}]`))
}

function valueComplaints(kind: string, value: unknown, at: string): string[] {
  const isScalar = SCALARS[kind]
  if (isScalar === undefined) return shapeComplaints(kind, value, at)
  return isScalar(value) ? [] : [`${at} is no ${kind}: ${JSON.stringify(value).slice(0, 60)}`]
}
