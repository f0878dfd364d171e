import type { AgentCard, AgentSkill } from '../a2a/index.ts'
import type { SearchableTool } from '../tool-search/index.ts'

const MAX_DESCRIPTION = 600
const MAX_CARD_DESCRIPTION = 300
const MAX_TAGS = 12
const MAX_EXAMPLES = 4
const MAX_EXAMPLE = 120
/** A skill with more tags wants to be found for everything, and is found for none of them (H7). */
const STUFFED_TAGS = 32
/** Of one agent. */
export const MAX_INDEXED_SKILLS = 100

/**
 * A skill as it is looked for. What counts is bounded for each, so that a card cannot come first by saying more than
 * others do (H7).
 */
export function toSearchable(agent: string, card: AgentCard, skill: AgentSkill): SearchableTool {
  const tags = skill.tags.length > STUFFED_TAGS ? [] : skill.tags.slice(0, MAX_TAGS)
  const examples = (skill.examples ?? []).slice(0, MAX_EXAMPLES).map((text) => text.slice(0, MAX_EXAMPLE))
  return {
    server: `${agent} ${card.name.slice(0, MAX_EXAMPLE)}`,
    name: skill.id.slice(0, MAX_EXAMPLE),
    title: [skill.name.slice(0, MAX_EXAMPLE), ...tags.map((tag) => tag.slice(0, MAX_EXAMPLE))].join(' '),
    description: [
      skill.description.slice(0, MAX_DESCRIPTION),
      ...examples,
      card.description.slice(0, MAX_CARD_DESCRIPTION),
    ].join('\n'),
  }
}
