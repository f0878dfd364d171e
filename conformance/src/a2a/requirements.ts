import { accessRequirements } from './requirements/access-requirements.ts'
import { bindingRequirements } from './requirements/binding-requirements.ts'
import { modelRequirements } from './requirements/model-requirements.ts'
import { operationRequirements } from './requirements/operation-requirements.ts'
import type { A2aRequirement } from './requirements/requirement.ts'

/** Every MUST and SHOULD of the A2A specification 1.0.1, by section, and what of 0.3 is spoken. */
export const A2A_REQUIREMENTS: readonly A2aRequirement[] = [
  ...operationRequirements,
  ...modelRequirements,
  ...accessRequirements,
  ...bindingRequirements,
].toSorted((one, other) => compareSections(one.id, other.id))

/** 3.1.10 comes after 3.1.9, and what begins with a letter last. */
function compareSections(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

export type { A2aRequirement }
