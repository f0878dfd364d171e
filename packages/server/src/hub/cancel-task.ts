import { ParleyError, toParleyError } from '@parley/contract'
import type { A2aTask } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { isFinal } from '../tasks/index.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { noTask } from './task-names.ts'

/** `CancelTask` (specification §3.1.5): the agent is asked, and its answer is what counts. */
export async function cancelTask(hub: HubState, call: HubCall): Promise<JsonObject> {
  const { id, metadata } = call.request as { id: string; metadata?: JsonObject }
  const { agent, owner, principal } = call
  const task = hub.names.find({ owner, agent: agent.name }, id)
  const mirror = hub.mirrors.of(task)
  if (!mirror) throw noTask(id)
  await mirror.flushed()
  if (mirror.isOver || isFinal(task.state)) throw hasEnded(id)
  if (mirror.isHeld) {
    mirror.end('TASK_STATE_CANCELED', undefined)
    await mirror.flushed()
    return mirror.snapshot() as unknown as JsonObject
  }
  const headers = await hub.tools.credentialFor(agent, principal)
  const request = { id: mirror.name.foreign.taskId, ...(metadata && { metadata }) }
  try {
    const answer = await agent.link().call('CancelTask', request, {
      headers,
      extensions: call.extensions,
      timeoutMs: hub.tools.limits.agentTimeoutMs,
    })
    mirror.replace(answer as unknown as A2aTask)
  } catch (error) {
    // It has ended meanwhile: then that is how it stands.
    if (toParleyError(error).code === 'task_not_cancelable')
      await hub.mirrors.refresh(mirror).catch(() => undefined)
    throw error
  }
  await mirror.flushed()
  return mirror.snapshot() as unknown as JsonObject
}

function hasEnded(id: string): ParleyError {
  return new ParleyError('task_not_cancelable', 'The task has ended: nothing is left to cancel.', {
    data: { taskId: id },
  })
}
