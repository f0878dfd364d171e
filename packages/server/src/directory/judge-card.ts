import type { AgentCard, AgentInterface } from '../a2a/index.ts'
import type { AgentRow, SeenCard } from './agent-row.ts'
import { chooseInterface } from './choose-interface.ts'
import { readCard } from './read-card.ts'

/** A card that can be served, once it is approved. */
export interface UsableCard {
  readonly card: AgentCard
  readonly interface: AgentInterface
}

export type Judgement =
  | ({ readonly kind: 'usable' } & UsableCard)
  /** It can never be approved as it stands. */
  | { readonly kind: 'unusable'; readonly why: string }

/** What is to be said of a card that was seen, whoever approves it. */
export function judgeCard(seen: SeenCard, row: Pick<AgentRow, 'cardUrl' | 'terms'>): Judgement {
  const read = readCard(seen.body)
  if (read.kind === 'refused') return { kind: 'unusable', why: `The card ${read.why}.` }
  const { card } = read
  const { chosen, judged } = chooseInterface(card.supportedInterfaces, row)
  if (chosen) return { kind: 'usable', card, interface: chosen }
  const reasons = judged.map((one) => `${one.interface.protocolBinding} at ${one.interface.url}: ${one.why}`)
  return {
    kind: 'unusable',
    why: `None of its interfaces can be used. ${reasons.slice(0, 5).join('. ') || 'It has none'}.`,
  }
}
