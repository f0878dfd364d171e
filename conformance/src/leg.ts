import { areEqual, formatCounts } from './suite/scenario-counts.ts'
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
  const { wanted, reached, reasons = new Map<string, string>(), mayMatchAnyway = false } = compared
  const rows = [...wanted].map(([scenario, { counts }]): LegRow => {
    const other = reached.get(scenario)
    const isEqual = areEqual(counts, other?.counts)
    const reason = reasons.get(scenario)
    return {
      scenario,
      wanted: formatCounts(counts),
      reached: formatCounts(other?.counts),
      verdict: judge(scenario, isEqual, reason !== undefined && !(isEqual && mayMatchAnyway)),
      notes: isEqual ? [] : reason === undefined ? (other?.complaints ?? ['no result']) : [reason],
    }
  })
  return { title, rows }
}

export interface ComparedRuns {
  wanted: ScenarioCounts
  reached: ScenarioCounts
  /** Scenarios that are expected to differ, and why. */
  reasons?: Map<string, string>
  /** Whether an expected difference may also stay away. */
  mayMatchAnyway?: boolean
}

/** A run with nothing to compare with: checks succeed, none fails or warns. */
export function judgeAlone(title: string, reached: ScenarioCounts): Leg {
  const rows = [...reached].map(([scenario, { counts, complaints }]): LegRow => {
    const isClean = counts.success > 0 && counts.failure === 0 && counts.warning === 0
    return {
      scenario,
      wanted: 'only ✓',
      reached: formatCounts(counts),
      verdict: isNotJudged(scenario) ? 'not judged' : isClean ? 'equal' : 'different',
      notes: isClean ? [] : complaints,
    }
  })
  return { title, rows }
}

export function isFailure({ verdict }: LegRow): boolean {
  return verdict === 'different' || verdict === 'exception without need'
}

function judge(scenario: string, isEqual: boolean, isExcepted: boolean): LegRow['verdict'] {
  if (isNotJudged(scenario)) return 'not judged'
  if (isExcepted) return isEqual ? 'exception without need' : 'excepted'
  return isEqual ? 'equal' : 'different'
}

/** The tasks extension: neither the fixture's SDK nor the hub offers it yet. */
function isNotJudged(scenario: string): boolean {
  return scenario.startsWith('tasks-')
}
