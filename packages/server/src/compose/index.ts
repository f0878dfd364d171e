export { createDescribeCapabilities } from './describe-capabilities.ts'
export { openIdentity } from './open-identity.ts'
export type { IdentityParts, IdentityRooms } from './open-identity.ts'
export { routeWellKnown } from './route-well-known.ts'
