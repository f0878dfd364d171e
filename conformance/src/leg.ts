import { areEqual, formatCounts, isNoWorse } from './suite/scenario-counts.ts'
import type { ScenarioCounts } from './suite/scenario-counts.ts'

/** One comparison: what was reached against what the same scenarios reach without the hub. */
export interface Leg {
  title: string
  rows: LegRow[]
}

export interface LegRow {
  scenario: string
  wanted: string
  reached: string
  verdict: 'equal' | 'different' | 'excepted' | 'exception without need' | 'not judged'
  /** Why an exception is listed, or what the suite complained of. */
  notes: string[]
}

/** Compares scenario by scenario. */
export function compareLeg(title: string, compared: ComparedRuns): Leg {
  const { wanted, reached, rule = 'equal', exceptions = [], mayMatchAnyway = false } = compared
  const rows = [...wanted].map(([scenario, { counts }]): LegRow => {
    const other = reached.get(scenario)
    const isGood = rule === 'equal' ? areEqual(counts, other?.counts) : isNoWorse(counts, other?.counts)
    const listed = exceptions.find((exception) => exception.scenario === scenario)
    const exception = isGood && mayMatchAnyway ? undefined : listed
    const verdict = isNotJudged(scenario)
      ? 'not judged'
      : judge(isGood, exception, formatCounts(other?.counts))
    return {
      scenario,
      wanted: formatCounts(counts),
      reached: formatCounts(other?.counts),
      verdict,
      notes: verdict === 'excepted' ? [exception?.reason ?? ''] : (other?.complaints ?? ['no result']),
    }
  })
  return { title, rows }
}

export interface ComparedRuns {
  wanted: ScenarioCounts
  reached: ScenarioCounts
  /** `no worse` lets a run succeed more often, where the hub sends requests of its own; default `equal`. */
  rule?: 'equal' | 'no worse'
  /** Scenarios that differ, with what they reach instead. */
  exceptions?: Array<{ scenario: string; score: string; reason: string }>
  /** Whether an exception may also be unnecessary. */
  mayMatchAnyway?: boolean
}

/** A run with nothing to compare with: checks succeed, none fails or warns. */
export function judgeAlone(title: string, reached: ScenarioCounts, terms: AloneTerms = {}): Leg {
  const { judgesTasks = false, exceptions = [] } = terms
  const rows = [...reached].map(([scenario, { counts, complaints }]): LegRow => {
    const isClean = counts.success > 0 && counts.failure === 0 && counts.warning === 0
    // The suite skips what it has no test for yet.
    const isLeftOut = counts.success + counts.failure + counts.warning === 0 && counts.skipped > 0
    const score = formatCounts(counts)
    const exception = exceptions.find((each) => each.scenario === scenario)
    const isJudged = !isLeftOut && (judgesTasks || !isNotJudged(scenario))
    const verdict = isJudged ? judge(isClean, exception, score) : 'not judged'
    const notes = verdict === 'excepted' ? [exception?.reason ?? ''] : isClean ? [] : complaints
    return { scenario, wanted: 'only ✓', reached: score, verdict, notes }
  })
  return { title, rows }
}

interface AloneTerms {
  /** Whether the tasks extension is among what is judged. */
  judgesTasks?: boolean
  exceptions?: readonly { scenario: string; score: string; reason: string }[]
}

export function isFailure({ verdict }: LegRow): boolean {
  return verdict === 'different' || verdict === 'exception without need'
}

function judge(isGood: boolean, exception: { score: string } | undefined, score: string): LegRow['verdict'] {
  if (exception === undefined) return isGood ? 'equal' : 'different'
  if (isGood) return 'exception without need'
  return score === exception.score ? 'excepted' : 'different'
}

/** The tasks extension, which the fixture's SDK does not offer; it has legs of its own. */
function isNotJudged(scenario: string): boolean {
  return scenario.startsWith('tasks-')
}
