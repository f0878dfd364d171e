import { createHash } from 'node:crypto'
import type { A2aVersion, AgentCard } from '../a2a/index.ts'
import { cardForBoth } from './card-for-both.ts'

export interface CardText {
  readonly json: string
  readonly etag: string
}

/** A card as it goes out. */
export class ServedCard {
  readonly card: AgentCard
  /** Milliseconds since the epoch. */
  readonly changedAt: number
  /** What those get that say nothing. */
  readonly usual: A2aVersion
  readonly #texts = new Map<A2aVersion, CardText>()

  constructor(card: AgentCard, { changedAt, usual }: Pick<ServedCard, 'changedAt' | 'usual'>) {
    this.card = card
    this.changedAt = changedAt
    this.usual = usual
  }

  /** For clients of 1.0 the card that is signed, and for those of 0.3 one for both. */
  text(version: A2aVersion): CardText {
    const known = this.#texts.get(version)
    if (known) return known
    const json = JSON.stringify(version === '1.0' ? this.card : cardForBoth(this.card))
    const etag = `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"`
    const text = { json, etag }
    this.#texts.set(version, text)
    return text
  }
}
