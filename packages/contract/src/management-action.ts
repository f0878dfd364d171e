/** What can be done to the hub, as routes declare it and roles include it. `me.*` concerns the caller alone. */
export const MANAGEMENT_ACTIONS = [
  'hub.read',
  'hub.backup',
  'servers.read',
  'servers.manage',
  'activity.read',
  'people.read',
  'people.manage',
  'clients.read',
  'clients.manage',
  'clients.rotate',
  'grants.read',
  'grants.manage',
  'resources.read',
  'resources.manage',
  'connections.read',
  'connections.manage',
  'keys.read',
  'keys.manage',
  'me.read',
  'me.manage',
] as const
export type ManagementAction = (typeof MANAGEMENT_ACTIONS)[number]
