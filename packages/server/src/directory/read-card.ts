import type { AgentCard } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

export function readCard(
  card: JsonObject,
): { readonly kind: 'card'; readonly card: AgentCard } | { readonly kind: 'refused'; readonly why: string } {
  const { name, description, supportedInterfaces, skills } = card
  if (typeof name !== 'string' || typeof description !== 'string')
    return { kind: 'refused', why: 'has no name and description' }
  if (!Array.isArray(supportedInterfaces) || !Array.isArray(skills))
    return { kind: 'refused', why: 'has no supportedInterfaces and skills' }
  return { kind: 'card', card: card as unknown as AgentCard }
}
