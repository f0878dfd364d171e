import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import {
  isInterrupted,
  isTerminal,
  type A2aTask,
  type A2aTaskState,
  type Artifact,
  type AuthenticationInfo,
  type Message,
  type Part,
  type TaskArtifactUpdateEvent,
  type TaskPushNotificationConfig,
  type TaskStatus,
  type TaskStatusUpdateEvent,
} from '../model.ts'
import { MEDIA_TYPE_KEY, WRAPPED_DATA_KEY } from './from-v03.ts'
import { setMembers } from './set-members.ts'
import type { V03Form } from './v03-form.ts'

export function messageToV03(message: Message, form: V03Form): JsonObject {
  const { messageId, contextId, taskId, role, metadata, extensions, referenceTaskIds } = message
  const parts = message.parts.map((part) => partToV03(part, form))
  return setMembers({
    ...(form === 'kind' ? { kind: 'message', parts } : { content: parts }),
    messageId,
    contextId,
    taskId,
    role: form === 'proto' ? role : role === 'ROLE_USER' ? 'user' : 'agent',
    metadata,
    extensions: filled(extensions),
    referenceTaskIds: filled(referenceTaskIds),
  })
}

export function partToV03(part: Part, form: V03Form): JsonObject {
  const { text, raw, url, data, filename, mediaType, metadata } = part
  if (text !== undefined) {
    const kept = keepMediaType(metadata, mediaType === 'text/plain' ? undefined : mediaType)
    return setMembers({ ...(form === 'kind' ? { kind: 'text' } : {}), text, metadata: kept })
  }
  if (raw !== undefined || url !== undefined) {
    const file =
      form === 'kind'
        ? setMembers({ bytes: raw, uri: url, mimeType: mediaType, name: filename })
        : setMembers({ fileWithBytes: raw, fileWithUri: url, mimeType: mediaType, name: filename })
    return setMembers({ ...(form === 'kind' ? { kind: 'file' } : {}), file, metadata })
  }
  const isPlain = isObject(data)
  const wrapped = isPlain ? data : { value: data ?? null }
  const kept = keepMediaType(
    isPlain ? metadata : { ...metadata, [WRAPPED_DATA_KEY]: true },
    mediaType === 'application/json' ? undefined : mediaType,
  )
  return setMembers(
    form === 'kind'
      ? { kind: 'data', data: wrapped, metadata: kept }
      : { data: { data: wrapped }, metadata: kept },
  )
}

function keepMediaType(
  metadata: JsonObject | undefined,
  mediaType: string | undefined,
): JsonObject | undefined {
  return mediaType === undefined ? metadata : { ...metadata, [MEDIA_TYPE_KEY]: mediaType }
}

export function taskToV03(task: A2aTask, form: V03Form): JsonObject {
  const { id, contextId, metadata, artifacts, history } = task
  return setMembers({
    ...(form === 'kind' ? { kind: 'task' } : {}),
    id,
    contextId,
    status: statusToV03(task.status, form),
    artifacts: filled(artifacts)?.map((artifact) => artifactToV03(artifact, form)),
    history: filled(history)?.map((message) => messageToV03(message, form)),
    metadata,
  })
}

const STATES: Readonly<Record<A2aTaskState, string>> = {
  TASK_STATE_SUBMITTED: 'submitted',
  TASK_STATE_WORKING: 'working',
  TASK_STATE_INPUT_REQUIRED: 'input-required',
  TASK_STATE_AUTH_REQUIRED: 'auth-required',
  TASK_STATE_COMPLETED: 'completed',
  TASK_STATE_FAILED: 'failed',
  TASK_STATE_CANCELED: 'canceled',
  TASK_STATE_REJECTED: 'rejected',
}

function statusToV03({ state, message, timestamp }: TaskStatus, form: V03Form): JsonObject {
  return setMembers({
    state: form === 'kind' ? STATES[state] : state === 'TASK_STATE_CANCELED' ? 'TASK_STATE_CANCELLED' : state,
    message: message === undefined ? undefined : messageToV03(message, form),
    timestamp,
  })
}

export function artifactToV03(artifact: Artifact, form: V03Form): JsonObject {
  const { artifactId, name, description, metadata, extensions } = artifact
  const parts = (artifact.parts ?? []).map((part) => partToV03(part, form))
  return setMembers({ artifactId, name, description, parts, metadata, extensions: filled(extensions) })
}

/** `final` says that the stream ends here: a task that waits for its caller ends it too (1.0, §11.7). */
export function statusUpdateToV03(event: TaskStatusUpdateEvent, form: V03Form): JsonObject {
  const { taskId, contextId, status, metadata } = event
  return setMembers({
    ...(form === 'kind' ? { kind: 'status-update' } : {}),
    taskId,
    contextId,
    status: statusToV03(status, form),
    final: isTerminal(status.state) || isInterrupted(status.state),
    metadata,
  })
}

export function artifactUpdateToV03(event: TaskArtifactUpdateEvent, form: V03Form): JsonObject {
  const { taskId, contextId, artifact, append, lastChunk, metadata } = event
  return setMembers({
    ...(form === 'kind' ? { kind: 'artifact-update' } : {}),
    taskId,
    contextId,
    artifact: artifactToV03(artifact, form),
    append,
    lastChunk,
    metadata,
  })
}

export function pushConfigToV03(config: TaskPushNotificationConfig, form: V03Form): JsonObject {
  const { taskId = '', id = '' } = config
  const inner = innerPushConfigToV03(config)
  return form === 'kind'
    ? { taskId, pushNotificationConfig: inner }
    : { name: `tasks/${taskId}/pushNotificationConfigs/${id}`, pushNotificationConfig: inner }
}

export function innerPushConfigToV03({
  id,
  url,
  token,
  authentication,
}: TaskPushNotificationConfig): JsonObject {
  return setMembers({
    id,
    url,
    token,
    authentication: authentication === undefined ? undefined : authenticationToV03(authentication),
  })
}

function authenticationToV03({ scheme, credentials }: AuthenticationInfo): JsonObject {
  return setMembers({ schemes: [scheme], credentials })
}

function filled<item>(list: readonly item[] | undefined): readonly item[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}
