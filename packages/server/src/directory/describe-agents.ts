import type { AgentCard, AgentSkill } from '../a2a/index.ts'
import type { FoundAgent } from './agent-search.ts'

/** An agent as those read it who look for one: people, programs and models. */
export interface AgentDescription {
  readonly name: string
  /** What its card calls it. */
  readonly title: string
  readonly description: string
  /** Where it is asked. */
  readonly endpoint: string
  readonly skills: readonly SkillDescription[]
}

export interface SkillDescription {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly tags: readonly string[]
  readonly examples: readonly string[]
  readonly inputModes: readonly string[]
  readonly outputModes: readonly string[]
}

const MAX_TEXT = 500
const MAX_SKILLS = 10
const MAX_TAGS = 12
const MAX_EXAMPLES = 3
const MAX_EXAMPLE = 200

/** Found agents in their order, each bounded so that none fills the answer alone. */
export function describeAgents(found: readonly FoundAgent[], origin: string): readonly AgentDescription[] {
  return found.map(({ entry, skills }) => ({
    name: entry.name,
    title: entry.card.name,
    description: cut(entry.card.description, MAX_TEXT),
    endpoint: `${origin}/a2a/agents/${entry.name}`,
    skills: skills.slice(0, MAX_SKILLS).map((skill) => describeSkill(entry.card, skill)),
  }))
}

function describeSkill(card: AgentCard, skill: AgentSkill): SkillDescription {
  const { id, name, description, tags, examples = [], inputModes = [], outputModes = [] } = skill
  return {
    id,
    name,
    description: cut(description, MAX_TEXT),
    tags: tags.slice(0, MAX_TAGS),
    examples: examples.slice(0, MAX_EXAMPLES).map((example) => cut(example, MAX_EXAMPLE)),
    inputModes: inputModes.length > 0 ? inputModes : card.defaultInputModes,
    outputModes: outputModes.length > 0 ? outputModes : card.defaultOutputModes,
  }
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
