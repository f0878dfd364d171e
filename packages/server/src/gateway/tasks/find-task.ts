import { ParleyError } from '@parley/contract'
import { ownerOf, type Task } from '../../tasks/index.ts'
import { bundleOf, type Call, type GatewayTools } from '../call.ts'

/**
 * The caller's own task of that id, at the endpoint it belongs to, while they may still use what it runs. Throws
 * `invalid_params` in the same words for everything else.
 */
export function findTask(tools: GatewayTools, call: Pick<Call, 'principal' | 'scope'>, id: unknown): Task {
  const task = typeof id === 'string' ? tools.tasks.find(ownerOf(call.principal), 'mcp', id) : undefined
  if (!task || !isReadable(tools, call, task)) throw taskNotFound()
  return task
}

/** What a grant no longer covers is not told of under it, and an endpoint tells of what it offers. */
export function isReadable(
  tools: GatewayTools,
  { principal, scope }: Pick<Call, 'principal' | 'scope'>,
  { capability, server }: Task,
): boolean {
  if (scope.kind === 'single' && scope.name !== server) return false
  const bundle = bundleOf(tools, scope)
  if (bundle && !bundle.includes(capability)) return false
  return tools.access.decide({ principal, action: 'mcp.call', capability }).kind === 'allow'
}

export function taskNotFound(): ParleyError {
  return new ParleyError('invalid_params', 'Failed to retrieve task: Task not found')
}
