import type { Binding } from '../wire/operations.ts'

export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY'

/** Something that the A2A specification asks for, in our words. */
export interface A2aRequirement {
  /** The section of the specification 1.0.1, and a letter. */
  readonly id: string
  readonly level: Level
  readonly about: string
  /** Default: all three. */
  readonly bindings?: readonly Binding[]
  /** Who must do it; a server where nothing is said. */
  readonly for?: 'client'
  /** Where it is shown when no check of the suite can. */
  readonly untested?: string
}

export interface More {
  readonly bindings?: readonly Binding[]
  readonly for?: 'client'
  readonly untested?: string
}

/** Lines of `[id, level, about, more?]` as requirements. */
export function requirements(
  ...lines: readonly (readonly [string, Level, string, More?])[]
): A2aRequirement[] {
  return lines.map(([id, level, about, more]) => ({ id: `A2A-${id}`, level, about, ...more }))
}

/** Why no check of the suite shows it. */
export const shownBy = (untested: string): More => ({ untested })
/** The hub is a client of agents: tests of its room `a2a-client` and its directory show it. */
export const asClient = (untested: string): More => ({ for: 'client', untested })
