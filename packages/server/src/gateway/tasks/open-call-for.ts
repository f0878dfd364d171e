import { MODERN } from '../protocol.ts'
import { openLegacyCall, openLegacyTask } from './open-legacy-call.ts'
import { openModernCall } from './open-modern-call.ts'
import type { CallPlan, CallWays, OpenCall } from './open-call.ts'
import { runsTasks, taskSupportOf } from './tasks-extension.ts'

/** Opens the call in the way its server knows: as a task of the server's own where it runs this tool so. */
export async function openCallFor(
  ways: CallWays,
  plan: CallPlan & { readonly tool: string; readonly ttlMs: number },
): Promise<OpenCall> {
  const { entry, tool } = plan
  const info = await entry.upstream.info()
  if (info.era === MODERN) return openModernCall(ways, plan)
  const support = taskSupportOf(entry.catalog.tools.get(tool)?.body)
  const isOwnTask = runsTasks(info) && (support === 'optional' || support === 'required')
  return isOwnTask ? openLegacyTask(ways, plan) : openLegacyCall(ways, plan)
}
