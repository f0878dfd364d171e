/** One thing that the doctor looked at. */
export interface Finding {
  readonly step: string
  /** `doubtful`: works with Parley, but the specification says otherwise. */
  readonly verdict: 'good' | 'doubtful' | 'bad'
  readonly detail: string
  /** What to do about it. */
  readonly mend?: string
}
