import type { ServerTestView } from '@parley/contract'
import type { A2aVersion, Binding } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { AgentHealth } from './agent-health.ts'
import type { AgentTerms } from './agent-row.ts'
import type { CardReview } from './card-keeper.ts'
import type { Directory } from './directory.ts'
import type { ServedAgent } from './served-agent.ts'

/** What an administrator sends to add an agent: where its card is, or the card. */
export interface NewAgent {
  readonly name: string
  readonly cardUrl?: string | undefined
  readonly card?: JsonObject | undefined
  /** Hold the first card back until it is reviewed. */
  readonly pending?: boolean | undefined
  readonly allowHosts?: readonly string[] | undefined
  readonly binding?: Binding | undefined
  readonly version?: A2aVersion | undefined
  readonly isPublic?: boolean | undefined
}

/** Public keys to enrol: a JWK Set as it came. */
export interface NewKeys {
  readonly jwks: JsonObject
  readonly expiresAt: number | null
}

export type AgentTest = Omit<ServerTestView, 'era'>

/** The directory with what an administrator does to it. `actor` is the administrator's subject. */
export interface ManagedDirectory extends Directory, AsyncDisposable {
  /** In name order. */
  agents(): readonly ServedAgent[]
  /** Throws `not_found`. */
  agent(name: string): ServedAgent
  /** Of the agent, as far as it was called, and of the readings of its card. */
  health(name: string): AgentHealth
  /**
   * Reads the card and adds the agent; nothing is added where the card cannot be used. Throws `invalid_params` or
   * `upstream_*` then, and `conflict` for a name that is taken or too like another.
   */
  add(agent: NewAgent, actor: string): Promise<ServedAgent>
  /** Takes the card that an agent sends of itself: it is served once it is reviewed, and the approved one until then. */
  register(name: string, card: JsonObject, actor: string): Promise<ServedAgent>
  /** Approves exactly the card that was seen (`conflict` otherwise), and a pending agent with it. */
  approve(name: string, review: CardReview, actor: string): Promise<ServedAgent>
  /** Says that the card that was seen is not to be approved; what was approved before goes on. */
  reject(name: string, hash: string, actor: string): Promise<ServedAgent>
  /** `conflict` for one that parley.yaml declares; `invalid_params` where its approved card could not be used any more. */
  setTerms(name: string, terms: Partial<AgentTerms>, actor: string): Promise<ServedAgent>
  /** From now on the card must be signed with an enrolled key. */
  addKeys(name: string, keys: NewKeys, actor: string): Promise<ServedAgent>
  removeKey(name: string, kid: string, actor: string): Promise<ServedAgent>
  /** Reads the card now. */
  refresh(name: string): Promise<ServedAgent>
  /** Tries each step of asking the agent; changes nothing, and makes the agent do nothing. */
  test(name: string): Promise<AgentTest>
  /** Removes the agent with its approval; `conflict` for one that parley.yaml declares. */
  remove(name: string, actor: string): Promise<void>
}
