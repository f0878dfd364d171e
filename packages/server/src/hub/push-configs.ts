import { ParleyError } from '@parley/contract'
import type { TaskPushNotificationConfig } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { isFinal, type Task } from '../tasks/index.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'

const DEFAULT_PAGE = 50

/** §3.1.7: the hub tells of every task itself, whatever its agent can. */
export async function createPushConfig(hub: HubState, call: HubCall): Promise<JsonObject> {
  const config = call.request as unknown as TaskPushNotificationConfig
  const task = find(hub, call, config.taskId)
  const kept = await hub.tools.webhooks.set(task.id, config, { by: call.principal, version: call.version })
  if (!isFinal(task.state)) {
    const mirror = hub.mirrors.of(task)
    if (mirror) hub.mirrors.follow(mirror)
  }
  return ours(kept, task)
}

/** §3.1.8. */
export function getPushConfig(hub: HubState, call: HubCall): JsonObject {
  const { taskId, id } = call.request as { taskId: string; id: string }
  const task = find(hub, call, taskId)
  const config = hub.tools.webhooks.get(task.id, id)
  if (!config)
    throw new ParleyError('task_not_found', 'The task has no such push notification config.', {
      data: { taskId },
    })
  return ours(config, task)
}

/** §3.1.9. */
export function listPushConfigs(hub: HubState, call: HubCall): JsonObject {
  const { taskId, pageSize, pageToken } = call.request as {
    taskId: string
    pageSize?: number
    pageToken?: string
  }
  const task = find(hub, call, taskId)
  const page = { size: pageSize || DEFAULT_PAGE, token: pageToken ?? '' }
  const { configs, nextPageToken } = hub.tools.webhooks.list(task.id, page)
  return { configs: configs.map((config) => ours(config, task)), nextPageToken }
}

/** §3.1.10: again and again comes to the same. */
export async function deletePushConfig(hub: HubState, call: HubCall): Promise<JsonObject> {
  const { taskId, id } = call.request as { taskId: string; id: string }
  const task = find(hub, call, taskId)
  await hub.tools.webhooks.remove(task.id, id, call.principal)
  return {}
}

function find(hub: HubState, { owner, agent }: HubCall, taskId: string | undefined): Task {
  return hub.names.find({ owner, agent: agent.name }, taskId ?? '')
}

function ours({ tenant: _tenant, ...config }: TaskPushNotificationConfig, { id }: Task): JsonObject {
  return { ...config, taskId: id }
}
