/** Something in a text that should not be there, with where it stands. */
export interface Match {
  readonly kind: string
  readonly start: number
  readonly end: number
}

export interface Detector {
  readonly kind: string
  /** Linear, with the `g` flag: nothing repeated within a repetition, every length bounded. */
  readonly pattern: RegExp
  /** Where what the pattern begins has its end; without one it goes on to the end of the text. */
  readonly until?: RegExp
  /** What the form alone does not tell, such as a check digit. */
  readonly isReal?: (text: string) => boolean
}

/** What a detector finds, in the order of the text; where two overlap the first counts. */
export function detect(text: string, detectors: readonly Detector[]): Match[] {
  const found: Match[] = []
  for (const { kind, pattern, until, isReal } of detectors) {
    const ends = until && [...text.matchAll(until)]
    let at = 0
    for (const { 0: part, index } of text.matchAll(pattern)) {
      if (isReal && !isReal(part)) continue
      while (ends && at < ends.length && ends[at]!.index < index) at++
      const last = ends?.[at]
      const end = last ? last.index + last[0].length : ends ? text.length : index + part.length
      found.push({ kind, start: index, end })
    }
  }
  if (found.length < 2) return found
  found.sort((one, other) => one.start - other.start || other.end - one.end)
  let end = 0
  return found.filter((match) => {
    if (match.start < end) return false
    end = match.end
    return true
  })
}

/** The text with each match replaced by its kind. */
export function redact(text: string, matches: readonly Match[]): string {
  let kept = ''
  let at = 0
  for (const { kind, start, end } of matches) {
    kept += `${text.slice(at, start)}[redacted: ${kind}]`
    at = end
  }
  return kept + text.slice(at)
}
