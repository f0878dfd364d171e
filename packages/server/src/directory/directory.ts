import type { AgentId, Principal } from '@parley/contract'
import type { AgentCard, AgentExtension, AgentSkill, Message } from '../a2a/index.ts'
import type { AgentLink } from '../a2a-client/index.ts'
import type { AgentQuery, FoundAgents, Visible } from './agent-search.ts'

/** An agent that can be asked, as it was approved. */
export interface AgentEntry {
  /** As a server's name: it stands in addresses and in capabilities, `skill:weather/forecast`. */
  readonly name: string
  /** The agent's own card in the form of 1.0, as approved: the hub never serves it as it stands. */
  readonly card: AgentCard
  /** Canonical hash of the approved card. */
  readonly cardHash: string
  /** What of the card's skills is approved. */
  readonly skills: readonly AgentSkill[]
  readonly extensions: readonly AgentExtension[]
  /** The workload that it is, where it has an identity at this hub. */
  readonly workload: AgentId | undefined
  /** Whether its card at the hub is shown to those without a credential. */
  readonly isPublic: boolean
  /** When the approved card last changed, milliseconds since the epoch. */
  readonly changedAt: number
  /** The way to it; throws `upstream_unavailable` while it has none that works. */
  link(): AgentLink
  /** The hub itself, which answers at once. */
  readonly answer?: (principal: Principal, message: Message) => Message
}

/** Read by the hub on every request. */
export interface Directory {
  /** Undefined for unknown agents and for those whose card is not approved. */
  entry(name: string): AgentEntry | undefined
  entries(): readonly AgentEntry[]
  /** Agents by what they do, among those that the caller may ask; `describeAgents` says what was found. */
  search(query: AgentQuery, visible: Visible): FoundAgents
  /** Counts the changes. */
  readonly version: number
  /** Told of entries that changed or went; answers the unsubscriber. */
  onChange(listener: (name: string) => void): () => void
}
