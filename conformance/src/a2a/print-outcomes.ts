import type { Outcome } from './run-suite.ts'

/** A line for each check: what happened in each binding; below it, why something failed. */
export function printOutcomes(title: string, outcomes: readonly Outcome[]): void {
  console.log(`\n${title}`)
  const byCheck = Map.groupBy(outcomes, ({ check }) => check)
  for (const [check, own] of byCheck) {
    if (own.every(({ verdict }) => verdict === 'skipped')) continue
    const marks = own.map(({ where, verdict }) => `${where} ${signs[verdict]}`)
    console.log(`  ${marks.join('  ').padEnd(40)} ${check.says}  (${check.proves.join(', ')})`)
    for (const { where, verdict, saw } of own)
      if (verdict === 'failed') console.log(`      ${where}: ${saw.slice(0, 400)}`)
  }
  console.log(`\n${countsOf(outcomes)}`)
}

export function countsOf(outcomes: readonly Outcome[]): string {
  const count = (wanted: Outcome['verdict']) => outcomes.filter(({ verdict }) => verdict === wanted).length
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`
}

const signs: Readonly<Record<Outcome['verdict'], string>> = { passed: '✓', failed: '✗', skipped: '–' }
