import type { AgentCard, AgentSkill } from '../a2a/index.ts'

/** What a skill must have; what is absent is not asked for. */
export interface SkillFilter {
  /** Its id, or its name in any case. */
  readonly skill?: string | undefined
  readonly tag?: string | undefined
  /** Media types; `image/*` is any image. */
  readonly inputMode?: string | undefined
  readonly outputMode?: string | undefined
}

export function matchesFilter(card: AgentCard, skill: AgentSkill, filter: SkillFilter): boolean {
  const { skill: wanted, tag, inputMode, outputMode } = filter
  if (wanted !== undefined && skill.id !== wanted && !isSameWord(skill.name, wanted)) return false
  if (tag !== undefined && !skill.tags.some((one) => isSameWord(one, tag))) return false
  // A skill's own modes take the place of its card's (A2A §4.4.5).
  return (
    hasMode(skill.inputModes?.length ? skill.inputModes : card.defaultInputModes, inputMode) &&
    hasMode(skill.outputModes?.length ? skill.outputModes : card.defaultOutputModes, outputMode)
  )
}

function hasMode(modes: readonly string[], wanted: string | undefined): boolean {
  return wanted === undefined || modes.some((mode) => isMediaMatch(mode, wanted))
}

/** Either may be a range; parameters do not count. */
function isMediaMatch(one: string, other: string): boolean {
  const [type, subtype] = partsOf(one)
  const [otherType, otherSubtype] = partsOf(other)
  return isPartMatch(type, otherType) && isPartMatch(subtype, otherSubtype)
}

function isPartMatch(one: string | undefined, other: string | undefined): boolean {
  return one === '*' || other === '*' || one === other
}

function partsOf(mediaType: string): readonly string[] {
  return mediaType.split(';', 1)[0]!.trim().toLowerCase().split('/')
}

function isSameWord(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
