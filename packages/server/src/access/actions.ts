import { MANAGEMENT_ACTIONS, type ManagementAction, type Role } from '@parley/contract'

/** What anyone may want to do: call or list a capability, or manage the hub. */
export type Action = 'mcp.call' | 'mcp.list' | 'a2a.call' | ManagementAction

const OWN: readonly ManagementAction[] = ['me.read', 'me.manage', 'directory.read']
const READ: readonly ManagementAction[] = MANAGEMENT_ACTIONS.filter((action) => action.endsWith('.read'))

/**
 * What each role may do to the hub. A role says nothing of capabilities: those are granted. Nobody may raise what they can do
 * themselves but who may do everything: to get an agent's key is to be that agent, with all it was granted.
 */
export const ROLE_ACTIONS: Readonly<Record<Role, ReadonlySet<ManagementAction>>> = {
  admin: new Set(MANAGEMENT_ACTIONS),
  operator: new Set<ManagementAction>([
    ...OWN,
    'hub.read',
    'hub.backup',
    'servers.read',
    'servers.manage',
    'clients.read',
    'clients.manage',
    'cards.read',
    'cards.manage',
    'resources.read',
    'resources.manage',
    'grants.read',
    'connections.read',
    'connections.manage',
    'keys.read',
    'tasks.read',
    'tasks.manage',
  ]),
  auditor: new Set<ManagementAction>([...OWN, ...READ]),
  member: new Set(OWN),
}

/** The scope of an access token for the management API that an action needs. */
export function scopeOf(action: ManagementAction): 'hub:read' | 'hub:manage' {
  return action.endsWith('.read') ? 'hub:read' : 'hub:manage'
}

export function isManagementAction(action: Action): action is ManagementAction {
  return action !== 'mcp.call' && action !== 'mcp.list' && action !== 'a2a.call'
}
