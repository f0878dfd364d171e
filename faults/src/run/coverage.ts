import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Outcome, Result } from './fault-case.ts'

export interface Requirement {
  readonly id: string
  readonly title: string
  /** Revisions a client can try it in; each must stand in the name of a case. */
  readonly eras?: readonly string[]
  /** Tests of `npm test` that prove it, or a part that cannot be tried from outside. */
  readonly tests?: readonly { readonly file: string; readonly name: string }[]
  /** A part of it that nothing here can try yet. */
  readonly lacks?: string
  /** Why there is nothing to try at all. */
  readonly notApplicable?: string
}

const ROOT = resolve(import.meta.dirname, '../../..')

/** Prints the table item → proof → result; gives the number of items that nothing proves. */
export function printCoverage(requirements: readonly Requirement[], outcomes: readonly Outcome[]): number {
  console.log('\nitem           result                 proven by')
  const faulty = requirements.filter((requirement) => !printItem(requirement, outcomes))
  const known = new Set(requirements.map(({ id }) => id))
  const strangers = [...new Set(outcomes.flatMap(({ items }) => items))].filter((id) => !known.has(id))
  for (const id of strangers)
    console.log(`${id.padEnd(14)} MISSING                a case names it, the list does not`)
  return faulty.length + strangers.length
}

/** False for an item that is not covered. What failed is counted with the cases. */
function printItem(requirement: Requirement, outcomes: readonly Outcome[]): boolean {
  const { id, title, tests = [], lacks, notApplicable } = requirement
  const own = outcomes.filter(({ items }) => items.includes(id))
  const lost = tests.filter(({ file, name }) => !isTest(file, name))
  const eras = missingEras(requirement, own)
  const isCovered =
    (own.length > 0 || tests.length > 0 || notApplicable !== undefined) &&
    lost.length === 0 &&
    eras.length === 0
  const groups = [...new Set(own.map(({ group }) => group))]
  const result = notApplicable === undefined ? (isCovered ? summary(own) : 'MISSING') : 'n/a'
  const proof = groups.length > 0 ? groups.join(', ') : (notApplicable ?? 'npm test')
  console.log(`${id.padEnd(14)} ${result.padEnd(22)} ${title}: ${proof}`)
  for (const { file, name } of tests)
    console.log(`${' '.repeat(38)}${isTest(file, name) ? 'test' : 'NO SUCH TEST'} ${file}: ${name}`)
  for (const era of eras) console.log(`${' '.repeat(38)}NO CASE for ${era}`)
  if (lacks !== undefined) console.log(`${' '.repeat(38)}not tried: ${lacks}`)
  return isCovered
}

function missingEras({ eras = [] }: Requirement, own: readonly Outcome[]): string[] {
  return eras.filter((era) => !own.some(({ name }) => name.includes(era)))
}

function summary(own: readonly Outcome[]): string {
  const results: readonly Result[] = ['passed', 'failed', 'gap', 'not run']
  const parts = results.map((result) => {
    const count = own.filter((outcome) => outcome.result === result).length
    return count === 0 ? '' : `${count} ${result}`
  })
  return parts.filter(Boolean).join(', ') || 'by npm test'
}

function isTest(file: string, name: string): boolean {
  try {
    return readFileSync(resolve(ROOT, file), 'utf8').includes(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
