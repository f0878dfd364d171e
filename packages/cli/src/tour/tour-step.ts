export interface TourFact {
  /** What was done, and what came of it. */
  readonly did: string
  readonly found: string
  readonly ok: boolean
}

/** An app that uses tools, and agents that work for each other. */
export type TourStory = 'mcp' | 'a2a'

/** One of the steps of a story. */
export interface TourStep {
  readonly story: TourStory
  readonly step: number
  readonly name: string
  /** What the step is for, in a sentence. */
  readonly why: string
  readonly facts: readonly TourFact[]
}
