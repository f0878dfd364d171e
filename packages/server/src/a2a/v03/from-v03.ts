import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { toUtcTimestamp } from '../timestamp.ts'
import { setMembers } from './set-members.ts'

/**
 * Values of 0.3 as values of 1.0: the JSON of JSON-RPC (told apart by `kind`) and the ProtoJSON of REST and gRPC alike.
 * Nothing is trusted: what has the wrong form goes on as it is, for the check of 1.0 to refuse.
 */
export function messageFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { messageId, contextId, taskId, role, metadata, extensions, referenceTaskIds } = json
  return setMembers({
    messageId,
    contextId,
    taskId,
    role: role === 'user' ? 'ROLE_USER' : role === 'agent' ? 'ROLE_AGENT' : role,
    parts: eachFromV03(json['parts'] ?? json['content'], partFromV03),
    metadata,
    extensions,
    referenceTaskIds,
  })
}

/** Marks data that is no object, which 0.3 has no part for; the SDK uses the same name. */
export const WRAPPED_DATA_KEY = 'data_part_compat'
/** Where the media type of a text or of data is kept, which 0.3 has no field for. */
export const MEDIA_TYPE_KEY = 'mediaType'

export function partFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { file, metadata } = json
  if (isObject(file)) {
    return setMembers({
      raw: file['bytes'] ?? file['fileWithBytes'],
      url: file['uri'] ?? file['fileWithUri'],
      filename: emptyToNone(file['name']),
      mediaType: emptyToNone(file['mimeType']),
      metadata,
    })
  }
  const isData = json['kind'] === 'data' || (json['kind'] === undefined && isObject(json['data']))
  if (!isData) return { ...setMembers({ text: json['text'] }), ...readMetadata(metadata) }
  const given = json['kind'] === 'data' ? json['data'] : (json['data'] as JsonObject)['data']
  const isWrapped = isObject(metadata) && metadata[WRAPPED_DATA_KEY] === true && isObject(given)
  return { data: isWrapped ? given['value'] : (given ?? {}), ...readMetadata(metadata) }
}

function readMetadata(metadata: unknown): JsonObject {
  if (!isObject(metadata)) return setMembers({ metadata })
  const { [WRAPPED_DATA_KEY]: wrapped, [MEDIA_TYPE_KEY]: mediaType, ...rest } = metadata
  if (wrapped === undefined && typeof mediaType !== 'string') return { metadata }
  const others = {
    ...rest,
    ...(wrapped === undefined || wrapped === true ? {} : { [WRAPPED_DATA_KEY]: wrapped }),
    ...(mediaType === undefined || typeof mediaType === 'string' ? {} : { [MEDIA_TYPE_KEY]: mediaType }),
  }
  return setMembers({
    mediaType: typeof mediaType === 'string' ? mediaType : undefined,
    metadata: Object.keys(others).length === 0 ? undefined : others,
  })
}

export function taskFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { id, contextId, metadata } = json
  return setMembers({
    id,
    contextId,
    status: statusFromV03(json['status']),
    artifacts: eachFromV03(json['artifacts'], artifactFromV03),
    history: eachFromV03(json['history'], messageFromV03),
    metadata,
  })
}

const STATES: ReadonlyMap<unknown, string> = new Map([
  ['submitted', 'TASK_STATE_SUBMITTED'],
  ['working', 'TASK_STATE_WORKING'],
  ['input-required', 'TASK_STATE_INPUT_REQUIRED'],
  ['auth-required', 'TASK_STATE_AUTH_REQUIRED'],
  ['completed', 'TASK_STATE_COMPLETED'],
  ['canceled', 'TASK_STATE_CANCELED'],
  ['failed', 'TASK_STATE_FAILED'],
  ['rejected', 'TASK_STATE_REJECTED'],
  ['TASK_STATE_CANCELLED', 'TASK_STATE_CANCELED'],
  // Indeterminate: neither final nor waiting, which of the states of 1.0 says working alone.
  ['unknown', 'TASK_STATE_WORKING'],
])

function statusFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { state, timestamp } = json
  return setMembers({
    state: STATES.get(state) ?? state,
    message: messageFromV03(json['message'] ?? json['update'] ?? undefined),
    timestamp: typeof timestamp === 'string' ? timestampFromV03(timestamp) : undefined,
  })
}

/** 0.3 lets agents write any ISO 8601: what has no zone is UTC, and what cannot be read is left out. */
function timestampFromV03(text: string): string | undefined {
  return toUtcTimestamp(text) ?? toUtcTimestamp(`${text.replace(' ', 'T')}Z`)
}

export function artifactFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { artifactId, name, description, metadata, extensions } = json
  return setMembers({
    artifactId,
    name: emptyToNone(name),
    description: emptyToNone(description),
    parts: eachFromV03(json['parts'], partFromV03),
    metadata,
    extensions,
  })
}

/** `final` goes: the state of the task says it. */
export function statusUpdateFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { taskId, contextId, metadata } = json
  return setMembers({ taskId, contextId, status: statusFromV03(json['status']), metadata })
}

export function artifactUpdateFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { taskId, contextId, append, lastChunk, metadata } = json
  return setMembers({
    taskId,
    contextId,
    artifact: artifactFromV03(json['artifact']),
    append,
    lastChunk,
    metadata,
  })
}

/** The configuration and its task, which 0.3 keeps outside of it: by field, or in a resource name. */
export function pushConfigFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const named = readResourceName(json['name'])
  const inner = json['pushNotificationConfig']
  return isObject(inner)
    ? setMembers({ ...innerPushConfigFromV03(inner), taskId: json['taskId'] ?? named.taskId })
    : { url: undefined }
}

export function innerPushConfigFromV03(json: unknown): JsonObject {
  if (!isObject(json)) return {}
  const { id, url, token, authentication } = json
  return setMembers({
    id: emptyToNone(id),
    url,
    token: emptyToNone(token),
    authentication: isObject(authentication) ? authenticationFromV03(authentication) : authentication,
  })
}

/** 1.0 has one scheme: the first that 0.3 names. */
function authenticationFromV03({ schemes, credentials }: JsonObject): JsonObject | undefined {
  const scheme: unknown = Array.isArray(schemes) ? schemes[0] : schemes
  return scheme === undefined ? undefined : setMembers({ scheme, credentials: emptyToNone(credentials) })
}

/** `tasks/{id}` and `tasks/{id}/pushNotificationConfigs/{id}`. */
export function readResourceName(name: unknown): { taskId?: string; configId?: string } {
  const match =
    typeof name === 'string'
      ? /^tasks\/([^/]+)(?:\/pushNotificationConfigs(?:\/([^/]+))?)?$/.exec(name)
      : null
  if (match === null) return {}
  return { taskId: match[1]!, ...(match[2] === undefined ? {} : { configId: match[2] }) }
}

function eachFromV03(list: unknown, from: (json: unknown) => unknown): unknown {
  return Array.isArray(list) ? list.map(from) : list
}

/** ProtoJSON writers leave empty texts out, and some do not. */
function emptyToNone(value: unknown): unknown {
  return value === '' ? undefined : value
}
