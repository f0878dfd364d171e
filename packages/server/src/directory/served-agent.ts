import type { AgentId } from '@parley/contract'
import { readCardJson, type AgentInterface } from '../a2a/index.ts'
import type { AgentLink, LinkHealth } from '../a2a-client/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { AgentRow, CardKey } from './agent-row.ts'
import { checkSignature, type SignatureStanding } from './check-signature.ts'
import { chooseInterface, type JudgedInterface } from './choose-interface.ts'
import { diffCards, type CardChange } from './diff-cards.ts'
import type { AgentEntry } from './directory.ts'
import { judgeCard, type Judgement, type UsableCard } from './judge-card.ts'

/** Makes the way to an agent over one of its interfaces, whose host an administrator pointed at. */
export type OpenLink = (way: { readonly agent: string; readonly interface: AgentInterface }) => AgentLink

/** A workload of the agent's name. */
export interface AgentIdentity {
  readonly id: AgentId
  readonly state: 'active' | 'suspended' | 'retired'
}

export interface ServedAgentTools {
  readonly openLink: OpenLink
  readonly identityOf: (name: string) => AgentIdentity | undefined
  readonly clock: Pick<Clock, 'now'>
}

/** One agent of the directory: its row, and the entry that is made of what is approved. */
export class ServedAgent {
  readonly #tools: ServedAgentTools
  #row: AgentRow
  #approved: { readonly judged: Judgement | undefined; readonly until: number } | undefined
  #entry: AgentEntry | undefined
  #link: AgentLink | undefined

  constructor(row: AgentRow, tools: ServedAgentTools) {
    this.#row = row
    this.#tools = tools
  }

  get row(): AgentRow {
    return this.#row
  }

  get name(): string {
    return this.#row.name
  }

  get identity(): AgentIdentity | undefined {
    return this.#tools.identityOf(this.#row.name)
  }

  /** The approved card and the interface that is used of it. */
  get usable(): UsableCard | undefined {
    const judged = this.#judge()
    return judged?.kind === 'usable' ? judged : undefined
  }

  /** Why the approved card cannot be served, for people. */
  get fault(): string | undefined {
    const judged = this.#judge()
    return judged === undefined || judged.kind === 'usable' ? undefined : judged.why
  }

  /** Undefined while nothing of it is approved, and while its workload is not active: what is stopped is not asked. */
  get entry(): AgentEntry | undefined {
    const { identity, usable } = this
    if (!usable || (identity !== undefined && identity.state !== 'active')) return undefined
    if (!this.#entry || this.#entry.workload !== identity?.id)
      this.#entry = this.#makeEntry(usable, identity?.id)
    return this.#entry
  }

  /** Of the way there, as far as it was used. */
  get linkHealth(): LinkHealth | undefined {
    return this.#link?.health()
  }

  /** Of the card as last seen. */
  get signature(): SignatureStanding {
    const { card, keys } = this.#row
    return card === null ? 'none' : checkSignature(card, keys, this.#tools.clock.now())
  }

  /** What of the card as last seen is not as it was approved. */
  get changes(): readonly CardChange[] {
    const { card, cardHash, approvedCard, approvedHash } = this.#row
    return card === null || approvedCard === null || cardHash === approvedHash
      ? []
      : diffCards(approvedCard, card)
  }

  /** All interfaces of the card as last seen. */
  get interfaces(): readonly JudgedInterface[] {
    const { card } = this.#row
    const read = card && readCardJson(card)
    return read?.kind === 'card' ? chooseInterface(read.card.supportedInterfaces, this.#row).judged : []
  }

  /** What is remembered of the approved card, and the way there, end with what they were made of. */
  setRow(row: AgentRow): void {
    const { approvedCard, terms, keys } = this.#row
    this.#row = row
    if (row.approvedCard !== approvedCard || row.terms !== terms || row.keys !== keys) this.#forget()
  }

  async close(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    this.#entry = undefined
    await link?.close().catch(() => undefined)
  }

  #forget(): void {
    this.#approved = undefined
    void this.close()
  }

  /** Remembered until a key that may have signed the card expires. */
  #judge(): Judgement | undefined {
    const now = this.#tools.clock.now()
    if (this.#approved && now < this.#approved.until) return this.#approved.judged
    this.#forget()
    const { approvedCard, keys } = this.#row
    const judged = approvedCard === null ? undefined : judgeCard(approvedCard, this.#row, now)
    this.#approved = { judged, until: nextExpiry(keys, now) }
    return judged
  }

  #makeEntry(usable: UsableCard, workload: AgentId | undefined): AgentEntry {
    const { name, approvedHash, approvedAt, addedAt, terms } = this.#row
    const { card } = usable
    return Object.freeze({
      name,
      card,
      cardHash: approvedHash!,
      skills: card.skills,
      extensions: card.capabilities.extensions ?? [],
      workload,
      isPublic: terms.isPublic,
      changedAt: approvedAt ?? addedAt,
      link: () => (this.#link ??= this.#tools.openLink({ agent: name, interface: usable.interface })),
    })
  }
}

/** When a key that may have signed is good no longer. */
function nextExpiry(keys: readonly CardKey[], now: number): number {
  const coming = keys.map(({ expiresAt }) => expiresAt ?? Infinity).filter((at) => at > now)
  return Math.min(Infinity, ...coming)
}
