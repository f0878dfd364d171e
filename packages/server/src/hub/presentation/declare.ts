import { PRESENTATION_EXTENSION } from '@parley/contract'
import type { AgentExtension } from '../../a2a/index.ts'
import { FORMS } from './convert/conversions.ts'

/** Needs can be said to every agent here: what it cannot itself, the hub does as far as it can, and says the rest. */
export function withPresentation(extensions: readonly AgentExtension[]): readonly AgentExtension[] {
  if (extensions.some(({ uri }) => uri === PRESENTATION_EXTENSION)) return extensions
  return [
    ...extensions,
    {
      uri: PRESENTATION_EXTENSION,
      description: 'How an answer is to be put; the hub converts for this agent.',
      params: { by: 'hub', converts: [...FORMS] },
    },
  ]
}
