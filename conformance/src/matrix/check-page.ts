import { formatCompatibilityPage } from './compatibility-page.ts'
import { keepPart } from './page-file.ts'
import { runMatrix } from './run-matrix.ts'
import type { Cell } from './run-matrix.ts'

export interface MatrixTotals {
  works: number
  failed: number
  /** False when docs/compatibility.md says otherwise; true when only a part was run. */
  isPageRight: boolean
}

/** Runs the matrix, says what fails, and compares a whole run with docs/compatibility.md, or writes it. */
export async function checkPage(options: {
  only: string[]
  isDirect: boolean
  mayWrite: boolean
}): Promise<MatrixTotals> {
  const { only, isDirect, mayWrite } = options
  const said = new Set<string>()
  const cells = await runMatrix({ only, isDirect, onCell: (cell) => complain(cell, said) })
  const isWhole = only.length === 0 && !isDirect
  const isPageRight = !isWhole || (await keepPart('mcp', formatCompatibilityPage(cells), mayWrite))
  if (!isPageRight) console.log('docs/compatibility.md says otherwise; --matrix --write brings it up to date')
  return {
    works: cells.filter(({ outcome }) => outcome.kind === 'works').length,
    failed: cells.filter(({ outcome }) => outcome.kind === 'fails').length,
    isPageRight,
  }
}

function complain({ upstream, client, feature, outcome }: Cell, said: Set<string>): void {
  if (outcome.kind !== 'fails') return
  // A client that cannot connect fails in each feature for the same reason.
  const complaint = `FAILS ${upstream} · ${client}: ${outcome.why}`
  const isRepeated = outcome.why.startsWith('no connection') && said.has(complaint)
  said.add(complaint)
  if (!isRepeated) console.log(complaint.replace(':', ` · ${feature}:`))
}
