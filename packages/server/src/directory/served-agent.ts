import type { AgentId } from '@parley/contract'
import type { AgentInterface } from '../a2a/index.ts'
import type { AgentLink } from '../a2a-client/index.ts'
import type { AgentRow } from './agent-row.ts'
import type { AgentEntry } from './directory.ts'
import { judgeCard, type UsableCard } from './judge-card.ts'

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
}

/** One agent of the directory: its row, and the entry that is made of what is approved. */
export class ServedAgent {
  readonly #tools: ServedAgentTools
  #row: AgentRow
  /** What is approved; null until it was looked at. */
  #usable: UsableCard | undefined | null = null
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
    if (this.#usable === null) this.#usable = this.#judgeApproved()
    return this.#usable
  }

  /** Undefined while nothing of it is approved, and while its workload is not active: what is stopped is not asked. */
  get entry(): AgentEntry | undefined {
    const { identity } = this
    if (identity !== undefined && identity.state !== 'active') return undefined
    if (!this.#entry || this.#entry.workload !== identity?.id) this.#entry = this.#makeEntry(identity?.id)
    return this.#entry
  }

  /** What is remembered of the approved card, and the way there, end with what they were made of. */
  setRow(row: AgentRow): void {
    const isSame = row.approvedHash === this.#row.approvedHash && row.terms === this.#row.terms
    this.#row = row
    if (isSame) return
    this.#usable = null
    void this.close()
  }

  async close(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    this.#entry = undefined
    await link?.close().catch(() => undefined)
  }

  #judgeApproved(): UsableCard | undefined {
    const { approvedCard: body, approvedHash: hash } = this.#row
    if (body === null || hash === null) return undefined
    const judged = judgeCard({ body, hash }, this.#row)
    return judged.kind === 'usable' ? judged : undefined
  }

  #makeEntry(workload: AgentId | undefined): AgentEntry | undefined {
    const { usable } = this
    if (!usable) return undefined
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
