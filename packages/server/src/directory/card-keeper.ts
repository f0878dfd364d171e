import { ParleyError } from '@parley/contract'
import type { Happening } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import { Turns } from '../lib/turns.ts'
import type { Statement } from '../store/index.ts'
import type { AgentChanges } from './agent-changes.ts'
import type { AgentRow, AgentTerms, CardKey, SeenCard } from './agent-row.ts'
import type { AgentStore } from './agent-store.ts'
import { checkSignature } from './check-signature.ts'
import { judgeCard } from './judge-card.ts'
import type { DeclaredTerms } from './read-declared.ts'
import type { ServedAgent } from './served-agent.ts'

export interface CardKeeperOptions {
  readonly agent: ServedAgent
  readonly rows: AgentStore
  readonly changes: AgentChanges
  readonly clock: Clock
  /** What the card's own name could be taken for. */
  readonly lookalikeOf: (title: string, agent: string) => string | undefined
  /** Told once a change is on disk. */
  readonly onChange: () => void
}

/** What a reviewer approves: the hash says what was seen. */
export interface CardReview {
  readonly hash: string
  /** Hosts that are allowed with it. */
  readonly allowHosts?: readonly string[] | undefined
}

export const WAITS = 'waits for its first review'
const REJECTED = 'rejected by a reviewer'
const HUB = 'hub'
const MAX_KEYS = 20

/** Everything that happens to one agent's row, one after the other: what was seen of its card, and reviews of it. */
export class CardKeeper {
  readonly #options: CardKeeperOptions
  readonly #turns = new Turns()

  constructor(options: CardKeeperOptions) {
    this.#options = options
  }

  /** Holds a card that was just read against the approved one. A changed card waits for a review, the approved one goes on (T1). */
  sight(seen: SeenCard): Promise<void> {
    return this.#turns.run(async () => {
      const { row } = this.#options.agent
      const reason = this.#reasonAgainst(seen, row)
      const isKnown = row.cardHash === seen.hash
      if (isKnown && (reason === row.reason || row.reason === REJECTED)) return this.#takeSignatures(seen)
      const { rows } = this.#options
      const saved = { ...row, card: seen.body, cardHash: seen.hash, reason }
      if (reason === null && row.approvedHash === null)
        return this.#commit(
          [rows.saveSeen(row.name, seen, null), rows.approve(row.name, seen.hash, this.#by(HUB))],
          {
            action: 'card.approve',
            subject: HUB,
            note: `${row.name}: the first card`,
            definitionHash: seen.hash,
          },
          approved(saved, this.#by(HUB)),
        )
      const action = reason === null ? 'card.return' : 'card.quarantine'
      const note = reason === null ? `${row.name}: the approved card again` : `${row.name}: ${reason}`
      await this.#commit(
        [rows.saveSeen(row.name, seen, reason)],
        { action, subject: HUB, note, definitionHash: seen.hash },
        saved,
      )
    })
  }

  approve({ hash, allowHosts = [] }: CardReview, actor: string): Promise<void> {
    return this.#turns.run(async () => {
      const { agent, rows, clock } = this.#options
      const { row } = agent
      const terms = withHosts(row.terms, allowHosts)
      if (row.card === null || row.cardHash !== hash) throw changedSince(row.name)
      const judged = judgeCard(row.card, { ...row, terms }, clock.now())
      if (judged.kind !== 'usable') throw new ParleyError('invalid_params', judged.why)
      const by = this.#by(actor)
      await this.#commit(
        [rows.approve(row.name, hash, by), ...(terms === row.terms ? [] : [rows.setTerms(row.name, terms)])],
        {
          action: 'card.approve',
          subject: actor,
          note: `${row.name}${allowHosts.length > 0 ? `, with ${allowHosts.join(', ')}` : ''}`,
          definitionHash: hash,
        },
        approved({ ...row, terms }, by),
      )
    })
  }

  /** The card stays held back until the agent shows another one. */
  reject(hash: string, actor: string): Promise<void> {
    return this.#turns.run(async () => {
      const { rows, agent } = this.#options
      const { row } = agent
      if (row.cardHash !== hash) throw changedSince(row.name)
      if (hash === row.approvedHash)
        throw new ParleyError(
          'conflict',
          `This card of "${row.name}" is approved. To end it, remove the agent.`,
        )
      await this.#commit(
        [rows.reject(row.name, hash, REJECTED)],
        { action: 'card.reject', subject: actor, note: row.name, definitionHash: hash },
        { ...row, reason: REJECTED },
      )
    })
  }

  /** Throws `invalid_params` where the approved card could not be used any more. */
  setTerms(change: Partial<AgentTerms>, actor: string): Promise<void> {
    return this.#turns.run(async () => {
      const { rows, agent, clock } = this.#options
      const { row } = agent
      const terms: AgentTerms = Object.freeze({ ...row.terms, ...change })
      if (agent.usable) {
        const judged = judgeCard(row.approvedCard!, { ...row, terms }, clock.now())
        if (judged.kind !== 'usable') throw new ParleyError('invalid_params', judged.why)
      }
      await this.#commit(
        [rows.setTerms(row.name, terms)],
        { action: 'card.terms', subject: actor, note: `${row.name}: ${describeTerms(terms)}` },
        { ...row, terms },
      )
    })
  }

  /** What the file says takes the place of what it said before. */
  declare({ terms, keys }: DeclaredTerms, actor: string): Promise<void> {
    return this.#turns.run(async () => {
      const { rows, agent } = this.#options
      const { row } = agent
      await this.#commit(
        [
          rows.setTerms(row.name, terms),
          rows.deleteKeys(row.name),
          ...keys.map((key) => rows.insertKey(row.name, key)),
        ],
        {
          action: 'card.terms',
          subject: actor,
          note: `${row.name}: ${describeTerms(terms)}; keys ${keys.map(({ kid }) => kid).join(', ') || 'none'}`,
        },
        { ...row, terms, keys },
      )
    })
  }

  /** From now on the card must be signed with one of the keys; an agent whose card is not is not served until it is. */
  addKeys(keys: readonly CardKey[], actor: string): Promise<void> {
    return this.#turns.run(async () => {
      const { rows, agent } = this.#options
      const { row } = agent
      if (row.keys.length + keys.length > MAX_KEYS)
        throw new ParleyError('conflict', `An agent has at most ${MAX_KEYS} keys; remove one first.`)
      const known = keys.find(({ kid }) => row.keys.some((key) => key.kid === kid))
      if (known) throw new ParleyError('conflict', `"${row.name}" has a key "${known.kid}" already.`)
      await this.#setKeys([...row.keys, ...keys], {
        unit: keys.map((key) => rows.insertKey(row.name, key)),
        happening: {
          action: 'card.key.add',
          subject: actor,
          note: `${row.name}: ${keys.map(({ kid }) => kid).join(', ')}`,
        },
      })
    })
  }

  removeKey(kid: string, actor: string): Promise<void> {
    return this.#turns.run(async () => {
      const { rows, agent } = this.#options
      const { row } = agent
      const keys = row.keys.filter((key) => key.kid !== kid)
      if (keys.length === row.keys.length)
        throw new ParleyError('not_found', `"${row.name}" has no key "${kid}".`)
      await this.#setKeys(keys, {
        unit: [rows.deleteKey(row.name, kid)],
        happening: { action: 'card.key.remove', subject: actor, note: `${row.name}: ${kid}` },
      })
    })
  }

  /** The last turn: nothing of the agent is written after `work`. */
  end(work: () => Promise<void>): Promise<void> {
    return this.#turns.run(work)
  }

  /** With the keys, what is said of the card as last seen changes too. */
  async #setKeys(
    keys: readonly CardKey[],
    { unit, happening }: { unit: readonly Statement[]; happening: Happening },
  ): Promise<void> {
    const { row } = this.#options.agent
    const changed = { ...row, keys }
    const seen = row.card && { body: row.card, hash: row.cardHash! }
    const reason = seen ? this.#reasonAgainst(seen, changed) : null
    const isSame = !seen || reason === row.reason || row.approvedHash === row.cardHash
    if (isSame) return this.#commit(unit, happening, changed)
    await this.#commit([...unit, this.#options.rows.saveSeen(row.name, seen, reason ?? WAITS)], happening, {
      ...changed,
      reason: reason ?? WAITS,
    })
  }

  /** The same card, signed with a key that is trusted where what was kept is not. */
  async #takeSignatures(seen: SeenCard): Promise<void> {
    const { agent, rows, clock } = this.#options
    const { row } = agent
    const isVerified = (card: SeenCard['body']) => checkSignature(card, row.keys, clock.now()) === 'verified'
    if (row.keys.length === 0 || (row.card !== null && isVerified(row.card)) || !isVerified(seen.body)) return
    const isApproved = row.approvedHash === seen.hash
    const reason = this.#reasonAgainst(seen, row)
    await this.#commit(
      [
        rows.saveSeen(row.name, seen, reason),
        ...(isApproved ? [rows.takeSignatures(row.name, seen.hash)] : []),
      ],
      { action: 'card.signature', subject: HUB, note: row.name, definitionHash: seen.hash },
      { ...row, card: seen.body, reason, ...(isApproved && { approvedCard: seen.body }) },
    )
  }

  /** Null: it is approved, or may be approved unseen as the first of a trusted agent. */
  #reasonAgainst(seen: SeenCard, row: AgentRow): string | null {
    const { lookalikeOf, clock } = this.#options
    if (seen.hash === row.approvedHash) return null
    const judged = judgeCard(seen.body, row, clock.now())
    if (judged.kind !== 'usable') return judged.why
    const other = lookalikeOf(judged.card.name, row.name)
    if (other !== undefined) return `it calls itself like ${other}`
    if (row.state === 'pending') return WAITS
    return row.approvedHash === null ? null : 'changed since approval'
  }

  #by(actor: string): { actor: string; at: number } {
    return { actor, at: this.#options.clock.now() }
  }

  async #commit(unit: readonly Statement[], happening: Happening, row: AgentRow): Promise<void> {
    await this.#options.changes.commit(unit, happening)
    this.#options.agent.setRow(row)
    this.#options.onChange()
  }
}

function approved(row: AgentRow, by: { readonly actor: string; readonly at: number }): AgentRow {
  return {
    ...row,
    state: 'approved',
    approvedCard: row.card,
    approvedHash: row.cardHash,
    approvedBy: by.actor,
    approvedAt: by.at,
    reason: null,
  }
}

function withHosts(terms: AgentTerms, hosts: readonly string[]): AgentTerms {
  if (hosts.length === 0) return terms
  return Object.freeze({ ...terms, allowHosts: [...new Set([...terms.allowHosts, ...hosts])] })
}

function describeTerms({ isPublic, allowHosts, binding, version }: AgentTerms): string {
  return [
    isPublic ? 'public' : 'not public',
    `hosts ${allowHosts.join(', ') || 'of its card'}`,
    `binding ${binding ?? 'the first'}`,
    `version ${version ?? 'the first'}`,
  ].join('; ')
}

function changedSince(name: string): ParleyError {
  return new ParleyError('conflict', `The card of "${name}" is another one by now; look at it again.`)
}
