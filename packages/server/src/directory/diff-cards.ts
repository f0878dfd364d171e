import { diffJson, type JsonDifference } from '../lib/diff-json.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'

/** What is not as it was, of one skill, or of everything else where `skill` is null. */
export interface CardChange {
  readonly skill: string | null
  readonly change: 'added' | 'removed' | 'changed'
  readonly differences: readonly JsonDifference[]
}

const MAX_CHANGES = 200

/** What changed between two cards as they were fetched: skills by their ids, so that one more does not look like all new. */
export function diffCards(before: JsonObject, after: JsonObject): CardChange[] {
  const rest = diffJson(withoutSkills(before), withoutSkills(after))
  const was = skillsById(before)
  const is = skillsById(after)
  const changes = [...new Set([...was.keys(), ...is.keys()])].flatMap((id) =>
    changeOf(id, was.get(id), is.get(id)),
  )
  // Where neither shows anything, the order does: arrays are compared place by place.
  const others = rest.length > 0 || changes.length > 0 ? rest : diffJson(unsigned(before), unsigned(after))
  if (others.length > 0) changes.unshift({ skill: null, change: 'changed', differences: others })
  return changes.slice(0, MAX_CHANGES)
}

function changeOf(skill: string, was: unknown, is: unknown): CardChange[] {
  const differences = diffJson(was, is)
  if (differences.length === 0) return []
  const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
  return [{ skill, change, differences }]
}

function withoutSkills({ skills: _, ...rest }: JsonObject): JsonObject {
  return unsigned(rest)
}

function unsigned({ signatures: _, ...rest }: JsonObject): JsonObject {
  return rest
}

/** A skill whose id is none, or one that stands there twice, goes by its place. */
function skillsById({ skills }: JsonObject): Map<string, unknown> {
  const byId = new Map<string, unknown>()
  for (const [at, skill] of (Array.isArray(skills) ? skills : []).entries()) {
    const id = isObject(skill) && typeof skill['id'] === 'string' ? skill['id'] : `#${at}`
    byId.set(byId.has(id) ? `${id}#${at}` : id, skill)
  }
  return byId
}
