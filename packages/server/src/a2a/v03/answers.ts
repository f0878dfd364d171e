import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { checkAnswer } from '../check-request.ts'
import type { A2aTask, AgentCard, StreamResponse, TaskPushNotificationConfig } from '../model.ts'
import type { Binding, OperationName } from '../operations.ts'
import { cardFromV03 } from './card-from-v03.ts'
import { cardToV03 } from './card-to-v03.ts'
import {
  artifactUpdateFromV03,
  messageFromV03,
  pushConfigFromV03,
  statusUpdateFromV03,
  taskFromV03,
} from './from-v03.ts'
import { artifactUpdateToV03, messageToV03, pushConfigToV03, statusUpdateToV03, taskToV03 } from './to-v03.ts'
import { formOf, type V03Form } from './v03-form.ts'

/**
 * The answer of 1.0, or one event of a stream, that an agent of 0.3 gave: `result` of JSON-RPC, the body of REST, the
 * message of gRPC. Throws `upstream_invalid`.
 */
export function answerFromV03(operation: OperationName, result: unknown): JsonObject {
  return checkAnswer(operation, translate(operation, result))
}

function translate(operation: OperationName, result: unknown): unknown {
  switch (operation) {
    case 'SendMessage':
    case 'SendStreamingMessage':
    case 'SubscribeToTask':
      return eventFromV03(result)
    case 'GetTask':
    case 'CancelTask':
      return taskFromV03(result)
    case 'CreateTaskPushNotificationConfig':
    case 'GetTaskPushNotificationConfig':
      return pushConfigFromV03(result)
    case 'ListTaskPushNotificationConfigs': {
      const configs: unknown = isObject(result) ? (result['configs'] ?? []) : result
      return Array.isArray(configs) ? { configs: configs.map(pushConfigFromV03) } : configs
    }
    case 'DeleteTaskPushNotificationConfig':
      // `null` over JSON-RPC, no content over REST.
      return {}
    case 'GetExtendedAgentCard':
      return cardFromV03(result)
    case 'ListTasks':
      return result
  }
}

/** Told apart by `kind`, or by the member that is set; agents before 0.3.0 left `kind` out of tasks. */
function eventFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  switch (json['kind']) {
    case 'task':
      return { task: taskFromV03(json) }
    case 'message':
      return { message: messageFromV03(json) }
    case 'status-update':
      return { statusUpdate: statusUpdateFromV03(json) }
    case 'artifact-update':
      return { artifactUpdate: artifactUpdateFromV03(json) }
  }
  const message = json['message'] ?? json['msg']
  if (isObject(json['task'])) return { task: taskFromV03(json['task']) }
  if (isObject(message)) return { message: messageFromV03(message) }
  const statusUpdate = json['statusUpdate'] ?? json['status_update']
  if (isObject(statusUpdate)) return { statusUpdate: statusUpdateFromV03(statusUpdate) }
  const artifactUpdate = json['artifactUpdate'] ?? json['artifact_update']
  return isObject(artifactUpdate) ? { artifactUpdate: artifactUpdateFromV03(artifactUpdate) } : {}
}

/**
 * An answer of 1.0, or one event of a stream, as 0.3 says it. `null` is a result too: of what is deleted. A card without
 * an interface of 0.3 is `unsupported_version`.
 */
export function answerToV03(operation: OperationName, answer: JsonObject, binding: Binding): unknown {
  const form = formOf(binding)
  switch (operation) {
    case 'SendMessage':
    case 'SendStreamingMessage':
    case 'SubscribeToTask':
      return eventToV03(answer as unknown as StreamResponse, form)
    case 'GetTask':
    case 'CancelTask':
      return taskToV03(answer as unknown as A2aTask, form)
    case 'CreateTaskPushNotificationConfig':
    case 'GetTaskPushNotificationConfig':
      return pushConfigToV03(answer as unknown as TaskPushNotificationConfig, form)
    case 'ListTaskPushNotificationConfigs': {
      const list = (answer['configs'] ?? []) as readonly TaskPushNotificationConfig[]
      const configs = list.map((config) => pushConfigToV03(config, form))
      return form === 'kind' ? configs : { configs }
    }
    case 'DeleteTaskPushNotificationConfig':
      return form === 'kind' ? null : {}
    case 'GetExtendedAgentCard':
      return cardToV03(answer as unknown as AgentCard, form)
    case 'ListTasks':
      return answer
  }
}

/** The event of a stream, and the body of a push notification (0.3, §9.5). */
export function eventToV03(event: StreamResponse, form: V03Form): JsonObject {
  const [member, value] = toV03Member(event, form)
  return form === 'kind' ? value : { [member]: value }
}

function toV03Member(event: StreamResponse, form: V03Form): [string, JsonObject] {
  if ('task' in event) return ['task', taskToV03(event.task, form)]
  if ('message' in event) return ['message', messageToV03(event.message, form)]
  if ('statusUpdate' in event) return ['statusUpdate', statusUpdateToV03(event.statusUpdate, form)]
  return ['artifactUpdate', artifactUpdateToV03(event.artifactUpdate, form)]
}
