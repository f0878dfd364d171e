import { ParleyError, PRESENTATION_EXTENSION } from '@parley/contract'
import type { AgentEntry } from '../../directory/index.ts'
import { isObject } from '../../lib/json-rpc.ts'
import { FORMS, mayConvert } from './convert/conversions.ts'
import { formOf } from './form-of.ts'
import { isInRange, isWide, readRange, type MediaRange } from './media-range.ts'

/**
 * What an agent is asked for: what the client takes, wildcards as what the agent has of them; where it has nothing of it,
 * what the hub can convert as well. Throws `content_type_not_supported` where there is no way.
 */
export function negotiateModes(agent: AgentEntry, modes: readonly string[]): readonly string[] {
  const offered = offeredModes(agent)
  const known = offered.flatMap((mode) => readRange(mode) ?? [])
  const accepted = modes.flatMap((mode) => readRange(mode) ?? [])
  // Nobody can say that what is not understood does not fit.
  if (known.length < offered.length || offered.length === 0 || accepted.length < modes.length) return modes
  const fitting = modes.flatMap((mode, at) => {
    const range = accepted[at]!
    if (!isWide(range)) return known.some((one) => isInRange(range, one)) ? [mode] : []
    return offered.filter((_, index) => isInRange(range, known[index]!))
  })
  if (fitting.length > 0)
    return [...new Set([...fitting, ...modes.filter((_, at) => !isWide(accepted[at]!))])]
  const convertible = offered.filter((_, at) => accepted.some((range) => reaches(known[at]!, range)))
  if (convertible.length > 0) return [...new Set([...modes, ...convertible])]
  throw new ParleyError(
    'content_type_not_supported',
    `The agent has nothing of what acceptedOutputModes takes; it offers ${offered.slice(0, 20).join(', ')}.`,
    { data: { offered: offered.slice(0, 100) } },
  )
}

/** A skill's own modes stand in the place of the card's (specification §4.4.5); what it says it can vary counts too. */
export function offeredModes({ card, skills, extensions }: AgentEntry): readonly string[] {
  const ofSkills = skills.flatMap(({ outputModes }) =>
    outputModes?.length ? outputModes : card.defaultOutputModes,
  )
  const params = extensions.find(({ uri }) => uri === PRESENTATION_EXTENSION)?.params
  const formats = isObject(params) && Array.isArray(params['formats']) ? params['formats'] : []
  const all = [
    ...(skills.length > 0 ? ofSkills : card.defaultOutputModes),
    ...formats.filter((one): one is string => typeof one === 'string'),
  ]
  return [...new Set(all)]
}

/** Whether the hub may come from there to here: what is seen or heard can be said in words. */
function reaches(from: MediaRange, to: MediaRange): boolean {
  const form = formOf(from)
  return FORMS.some(
    (one) =>
      isInRange(to, readRange(one)!) &&
      (form ? mayConvert(form, one) : isMedia(from) && one !== 'text/csv' && one !== 'application/json'),
  )
}

function isMedia({ type }: MediaRange): boolean {
  return type === 'image' || type === 'audio' || type === 'video'
}
