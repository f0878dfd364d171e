export interface TourFact {
  /** What was done, and what came of it. */
  readonly did: string
  readonly found: string
  readonly ok: boolean
}

/** One of the six steps of an MCP call. */
export interface TourStep {
  readonly step: number
  readonly name: string
  /** What the step is for, in a sentence. */
  readonly why: string
  readonly facts: readonly TourFact[]
}
