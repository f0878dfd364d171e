import type { Access } from './access.ts'
import { decide } from './decide.ts'

/** Access without grants: the administrator's key may do everything and nobody else anything. */
export function createAdministratorAccess(): Access {
  return {
    decide: ({ principal, action, capability }) => decide(principal, action, capability),
    visible: (principal) => (capability) => decide(principal, 'mcp.list', capability).kind === 'allow',
    take: () => undefined,
  }
}
