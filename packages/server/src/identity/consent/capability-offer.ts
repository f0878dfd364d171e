import type { CapabilityKind, PersonId } from '@parley/contract'
import type { Resource } from '../resources/resource.ts'

/**
 * What a capability can do, as its server says: for reading on the page alone. Nothing is decided by it, because a server
 * may say anything.
 */
export type Effect = 'read' | 'change' | 'destroy'

export interface OfferedCapability {
  /** A capability's name, or a pattern for those that have no fixed names. */
  readonly capability: `${CapabilityKind}:${string}`
  /** Words of the server: they are shown as text. */
  readonly title: string
  readonly description: string | undefined
}

/** One switch on the page. */
export interface CapabilityGroup {
  readonly effect: Effect
  readonly items: readonly OfferedCapability[]
}

export interface ServerOffer {
  readonly server: string
  readonly groups: readonly CapabilityGroup[]
}

/** What this person could allow at a resource: what is approved there and the person is entitled to. */
export type DescribeCapabilities = (resource: Resource, person: PersonId) => readonly ServerOffer[]
