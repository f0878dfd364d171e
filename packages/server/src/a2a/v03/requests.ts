import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { checkRequest } from '../check-request.ts'
import type { SendMessageRequest, TaskPushNotificationConfig } from '../model.ts'
import type { Binding, OperationName } from '../operations.ts'
import { innerPushConfigFromV03, messageFromV03, pushConfigFromV03, readResourceName } from './from-v03.ts'
import { setMembers } from './set-members.ts'
import { innerPushConfigToV03, messageToV03, pushConfigToV03 } from './to-v03.ts'
import { formOf, type V03Form } from './v03-form.ts'

/**
 * The request of 1.0 that a request of 0.3 is: `params` of JSON-RPC, the message of gRPC, or for REST the body with
 * what its path and query name (`id`, `taskId`, `pushNotificationConfigId`, `historyLength`). Throws `invalid_params`.
 */
export function requestFromV03(operation: OperationName, params: unknown, binding: Binding): JsonObject {
  const given = params === undefined || params === null ? {} : params
  return checkRequest(operation, isObject(given) ? translate(operation, given, formOf(binding)) : given)
}

function translate(operation: OperationName, params: JsonObject, form: V03Form): unknown {
  const named = readResourceName(params['name'] ?? params['parent'])
  const { metadata } = params
  switch (operation) {
    case 'SendMessage':
    case 'SendStreamingMessage':
      return setMembers({
        message: messageFromV03(params['message'] ?? params['request']),
        configuration: configurationFromV03(params['configuration'], form),
        metadata,
      })
    case 'GetTask':
      return setMembers({ id: params['id'] ?? named.taskId, historyLength: historyLengthOf(params, form) })
    case 'CancelTask':
      return setMembers({ id: params['id'] ?? named.taskId, metadata })
    case 'SubscribeToTask':
      return setMembers({ id: params['id'] ?? named.taskId })
    case 'CreateTaskPushNotificationConfig':
      return createConfigFromV03(params)
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig': {
      const taskId = params['taskId'] ?? params['id'] ?? named.taskId
      // In 0.3 the only configuration of a task need not be named; its id is then the task's.
      return setMembers({ taskId, id: params['pushNotificationConfigId'] ?? named.configId ?? taskId })
    }
    case 'ListTaskPushNotificationConfigs':
      return setMembers({
        taskId: params['taskId'] ?? params['id'] ?? named.taskId,
        pageSize: params['pageSize'],
        pageToken: params['pageToken'],
      })
    case 'GetExtendedAgentCard':
      return {}
    case 'ListTasks':
      throw new ParleyError('method_not_found', 'A2A 0.3 cannot list tasks; ask with A2A-Version: 1.0.')
  }
}

function configurationFromV03(json: unknown, form: V03Form): unknown {
  if (!isObject(json)) return json
  const { acceptedOutputModes, blocking } = json
  const push = json['pushNotificationConfig'] ?? json['pushNotification']
  // Agents of 0.3 wait unless told not to; ProtoJSON cannot tell false from not set.
  const returnsAtOnce = form === 'kind' ? blocking === false : blocking !== true
  return setMembers({
    acceptedOutputModes,
    historyLength: historyLengthOf(json, form),
    returnImmediately: returnsAtOnce ? true : undefined,
    taskPushNotificationConfig: isObject(push) ? innerPushConfigFromV03(push) : push,
  })
}

/** The proto of 0.3 has it without presence: 0 is as not set. */
function historyLengthOf(json: JsonObject, form: V03Form): unknown {
  const length = json['historyLength'] ?? json['history_length']
  return form === 'proto' && length === 0 ? undefined : length
}

/** `params`, the message of gRPC with its `config`, or a REST body that is that config. */
function createConfigFromV03(params: JsonObject): unknown {
  const { taskId } = readResourceName(params['parent'])
  const config = isObject(params['config']) ? params['config'] : params
  const translated = pushConfigFromV03(config) as JsonObject
  const id = translated['id'] ?? (params['configId'] === '' ? undefined : params['configId'])
  const task = params['taskId'] ?? taskId ?? translated['taskId']
  return setMembers({ ...translated, taskId: task, id: id ?? task })
}

/**
 * A checked request of 1.0 as 0.3 says it: `params` of JSON-RPC, the message of gRPC, or the body of REST, where it has
 * one. What its path and query say of REST is in the table of methods.
 */
export function requestToV03(operation: OperationName, request: JsonObject, binding: Binding): JsonObject {
  const form = formOf(binding)
  switch (operation) {
    case 'SendMessage':
    case 'SendStreamingMessage':
      return sendMessageToV03(request as unknown as SendMessageRequest, form)
    case 'GetTask':
      return setMembers({ ...taskNameOf(request['id'], form), historyLength: request['historyLength'] })
    case 'CancelTask':
      return setMembers({
        ...taskNameOf(request['id'], form),
        metadata: form === 'kind' ? request['metadata'] : undefined,
      })
    case 'SubscribeToTask':
      return taskNameOf(request['id'], form)
    case 'CreateTaskPushNotificationConfig':
      return createConfigToV03(request as unknown as TaskPushNotificationConfig, binding)
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig':
      return form === 'kind'
        ? { id: request['taskId'], pushNotificationConfigId: request['id'] }
        : { name: `tasks/${request['taskId']}/pushNotificationConfigs/${request['id']}` }
    case 'ListTaskPushNotificationConfigs':
      return form === 'kind' ? { id: request['taskId'] } : { parent: `tasks/${request['taskId']}` }
    default:
      return {}
  }
}

function sendMessageToV03(request: SendMessageRequest, form: V03Form): JsonObject {
  const { acceptedOutputModes, historyLength, returnImmediately, taskPushNotificationConfig } =
    request.configuration ?? {}
  const push =
    taskPushNotificationConfig === undefined ? undefined : innerPushConfigToV03(taskPushNotificationConfig)
  return setMembers({
    message: messageToV03(request.message, form),
    configuration: setMembers({
      acceptedOutputModes,
      historyLength,
      blocking: returnImmediately !== true,
      [form === 'kind' ? 'pushNotificationConfig' : 'pushNotification']: push,
    }),
    metadata: request.metadata,
  })
}

function createConfigToV03(config: TaskPushNotificationConfig, binding: Binding): JsonObject {
  if (binding !== 'GRPC') return pushConfigToV03(config, formOf(binding))
  return {
    parent: `tasks/${config.taskId}`,
    configId: config.id ?? '',
    config: pushConfigToV03(config, 'proto'),
  }
}

function taskNameOf(id: unknown, form: V03Form): JsonObject {
  return form === 'kind' ? { id } : { name: `tasks/${String(id)}` }
}
