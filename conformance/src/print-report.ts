import { isFailure } from './leg.ts'
import type { Leg, LegRow } from './leg.ts'

const signs: Record<LegRow['verdict'], string> = {
  equal: 'ok',
  different: 'DIFFERENT',
  excepted: 'excepted',
  'exception without need': 'NO EXCEPTION NEEDED',
  'not judged': 'not judged',
}

export function printLeg({ title, rows }: Leg): void {
  const width = Math.max(...rows.map(({ scenario }) => scenario.length), 10)
  console.log(`\n${title}`)
  for (const row of rows) {
    const cells = [
      row.scenario.padEnd(width),
      row.wanted.padEnd(12),
      row.reached.padEnd(12),
      signs[row.verdict],
    ]
    console.log(`  ${cells.join('  ')}`)
    if (isFailure(row) || row.verdict === 'excepted') {
      for (const note of row.notes) console.log(`      ${note.slice(0, 400)}`)
    }
  }
}

/** The last line says how many scenarios were judged well and how many were not. */
export function printTotals(legs: Leg[]): void {
  const judged = legs.flatMap(({ rows }) => rows).filter(({ verdict }) => verdict !== 'not judged')
  const failed = judged.filter(isFailure).length
  console.log(`\n${judged.length - failed} passed, ${failed} failed`)
}
