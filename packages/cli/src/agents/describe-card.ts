import type { CardDetail, CardView } from '@parley/contract'
import { columns, when } from '../columns.ts'
import type { Answer } from '../command.ts'

/** How a card stands, in a word or two. */
export function standingOf(card: CardView): string {
  if (card.state === 'pending') return 'waits for review'
  if (!card.served) return 'not served'
  return card.reason === null ? card.health.state : `${card.health.state}, change held back`
}

export function describedCard(card: CardDetail): Answer {
  return { value: card, text: cardText(card) }
}

export function cardText(card: CardDetail): string {
  const { interface: used, health } = card
  const facts = columns([
    ['agent', `${card.name}${card.title === null ? '' : ` (${card.title} ${card.version})`}`],
    ['card', `${card.cardUrl ?? 'sent'}, ${sourceOf(card)}`],
    ['standing', `${standingOf(card)}${card.public ? ', public' : ''}`],
    ['interface', used ? `${used.protocolBinding} ${used.protocolVersion} at ${used.url}` : 'none'],
    ['signature', card.signature],
    ['approved', card.approvedAt === null ? 'never' : `${when(card.approvedAt)} by ${card.approvedBy}`],
    ['endpoint', card.endpoint],
    ...card.keys.map(({ kid, expiresAt }) => [
      'key',
      `${kid}${expiresAt === null ? '' : ` until ${when(expiresAt)}`}`,
    ]),
  ])
  const trouble = health.lastError === null ? [] : [`  ${health.lastError}`]
  return [facts, ...trouble, ...heldBack(card)].join('\n')
}

/** What a reviewer has to look at. */
export function heldBack(card: CardDetail): string[] {
  if (card.reason === null) return []
  const unused = card.interfaces
    .filter(({ why }) => why?.includes('--allow-host'))
    .map((one) => `    ${one.protocolBinding} ${one.protocolVersion} at ${one.url}: ${one.why}`)
  return [
    `  held back: ${card.reason}`,
    ...card.changes.flatMap(({ skill, change, differences }) => [
      `    ${skill === null ? 'card' : `skill ${skill}`} ${change}`,
      ...differences.map(
        ({ pointer, before, after }) =>
          `      ${pointer || '/'}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
      ),
    ]),
    ...unused,
  ]
}

function sourceOf({ source }: CardView): string {
  if (source === 'self') return 'by the agent itself'
  return source === 'file' ? 'declared in parley.yaml' : 'added by an administrator'
}
