import { readCardJson, type AgentCard, type AgentInterface } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { AgentRow } from './agent-row.ts'
import { checkSignature } from './check-signature.ts'
import { chooseInterface } from './choose-interface.ts'

/** A card that can be served, once it is approved. */
export interface UsableCard {
  readonly card: AgentCard
  readonly interface: AgentInterface
}

export type Judgement =
  | ({ readonly kind: 'usable' } & UsableCard)
  /** It can never be approved as it stands; `unreadable`: whoever allowed what. */
  | { readonly kind: 'unusable' | 'unreadable'; readonly why: string }

const MAX_REASONS = 5

/** What is to be said of a card that was seen, whoever approves it. */
export function judgeCard(
  body: JsonObject,
  row: Pick<AgentRow, 'cardUrl' | 'terms' | 'keys'>,
  now: number,
): Judgement {
  const read = readCardJson(body)
  if (read.kind === 'refused') return { kind: 'unreadable', why: explain(read.violations) }
  if (row.keys.length > 0 && checkSignature(body, row.keys, now) !== 'verified')
    return { kind: 'unusable', why: 'The card is not signed with a key that is enrolled for this agent.' }
  const { card } = read
  const { chosen, judged } = chooseInterface(card.supportedInterfaces, row)
  if (chosen) return { kind: 'usable', card, interface: chosen }
  const reasons = judged
    .slice(0, MAX_REASONS)
    .map((one) => `${one.interface.protocolBinding} at ${one.interface.url}: ${one.why}`)
  return {
    kind: 'unusable',
    why: `None of its interfaces can be used. ${reasons.join('. ') || 'It has none'}.`,
  }
}

function explain(violations: readonly { readonly field: string; readonly description: string }[]): string {
  const shown = violations
    .slice(0, MAX_REASONS)
    .map(({ field, description }) => (field === '' ? description : `${field}: ${description}`))
  return `The card is not one of A2A. ${shown.join(' ')}`
}
