import type { JsonObject } from '../lib/json-rpc.ts'
import { isFinal } from '../tasks/index.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { noTask } from './task-names.ts'

/**
 * `GetTask` (specification §3.1.3). What has ended, or is followed over a stream, is told from here; anything else is asked
 * of the agent first, and told as it was where the agent cannot be reached.
 */
export async function getTask(hub: HubState, call: HubCall): Promise<JsonObject> {
  const { id, historyLength } = call.request as { id: string; historyLength?: number }
  const task = hub.names.find({ owner: call.owner, agent: call.agent.name }, id)
  if (!isFinal(task.state)) {
    const mirror = hub.mirrors.of(task)
    if (mirror?.isFollowed) await mirror.flushed()
    else if (mirror) await hub.mirrors.refresh(mirror).catch(() => undefined)
  }
  const document = hub.mirrors.documentOf(task)
  if (!document) throw noTask(id)
  return document.toTask({ historyLength }) as unknown as JsonObject
}
