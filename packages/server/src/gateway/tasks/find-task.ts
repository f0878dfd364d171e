import { ParleyError } from '@parley/contract'
import { ownerOf, type Task } from '../../tasks/index.ts'
import type { Call, GatewayTools } from '../call.ts'

/**
 * The caller's own task of that id, at the endpoint it belongs to, while they may still use what it runs. Throws
 * `invalid_params` in the same words for everything else.
 */
export function findTask(
  { tasks, access }: Pick<GatewayTools, 'tasks' | 'access'>,
  { principal, scope }: Pick<Call, 'principal' | 'scope'>,
  id: unknown,
): Task {
  const task = typeof id === 'string' ? tasks.find(ownerOf(principal), id) : undefined
  const isHere = task && (scope.kind === 'merged' || scope.name === task.server)
  if (!isHere || !mayRead(access, principal, task)) throw taskNotFound()
  return task
}

export function taskNotFound(): ParleyError {
  return new ParleyError('invalid_params', 'Failed to retrieve task: Task not found')
}

/** What a grant no longer covers is not told of under it. */
export function mayRead(
  access: GatewayTools['access'],
  principal: Call['principal'],
  { capability }: Task,
): boolean {
  return access.decide({ principal, action: 'mcp.call', capability }).kind === 'allow'
}
