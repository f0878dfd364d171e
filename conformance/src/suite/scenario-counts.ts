import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How many checks of a scenario ended in each way; what is only information does not count. */
export interface Counts {
  success: number
  failure: number
  warning: number
  skipped: number
}

export type ScenarioCounts = Map<string, { counts: Counts; complaints: string[] }>

interface Check {
  id: string
  status: string
  errorMessage?: string
}

const fieldByStatus: Record<string, keyof Counts> = {
  SUCCESS: 'success',
  FAILURE: 'failure',
  WARNING: 'warning',
  SKIPPED: 'skipped',
}

/** Reads the directory the suite wrote: one folder per scenario, its name followed by the time of the run. */
export async function readScenarioCounts(directory: string, scenarios: string[]): Promise<ScenarioCounts> {
  const folders = await listFolders(directory)
  const result: ScenarioCounts = new Map()
  for (const scenario of scenarios) {
    const folder = folders.find(
      (name) => scenarioOf(name) === scenario || scenarioOf(name) === `server-${scenario}`,
    )
    if (folder === undefined) continue
    const checks = await readChecks(join(directory, folder, 'checks.json'))
    result.set(scenario, { counts: countChecks(checks), complaints: complaintsOf(checks) })
  }
  return result
}

/** The same for every scenario that left a folder. */
export async function readAllCounts(directory: string): Promise<ScenarioCounts> {
  const folders = await listFolders(directory)
  return readScenarioCounts(directory, folders.map(scenarioOf).toSorted())
}

/** A scenario `auth/x` has its folder in the folder `auth`. */
async function listFolders(directory: string): Promise<string[]> {
  const entries = await readdir(directory)
  const inner = entries.includes('auth') ? await readdir(join(directory, 'auth')) : []
  return [...entries, ...inner.map((name) => `auth/${name}`)]
}

/** A scenario that breaks off leaves its folder without a file. */
async function readChecks(file: string): Promise<Check[]> {
  if (!existsSync(file)) return [{ id: 'scenario', status: 'FAILURE', errorMessage: 'broke off' }]
  return JSON.parse(await readFile(file, 'utf8'))
}

function scenarioOf(folder: string): string {
  return folder.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
}

function countChecks(checks: Check[]): Counts {
  const counts: Counts = { success: 0, failure: 0, warning: 0, skipped: 0 }
  for (const { status } of checks) {
    const field = fieldByStatus[status]
    if (field !== undefined) counts[field] += 1
  }
  return counts
}

function complaintsOf(checks: Check[]): string[] {
  return checks
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map(({ id, status, errorMessage }) => `${status} ${id}: ${errorMessage ?? 'no message'}`)
}

export function formatCounts(counts: Counts | undefined): string {
  if (counts === undefined) return '–'
  const { success, failure, warning, skipped } = counts
  return `${success}✓ ${failure}✗${warning > 0 ? ` ${warning}!` : ''}${skipped > 0 ? ` ${skipped}↷` : ''}`
}

export function areEqual(a: Counts | undefined, b: Counts | undefined): boolean {
  return a !== undefined && b !== undefined && formatCounts(a) === formatCounts(b)
}

/** At least as many successes, and no more failures and warnings. */
export function isNoWorse(wanted: Counts, reached: Counts | undefined): boolean {
  if (reached === undefined) return false
  const { success, failure, warning } = wanted
  return reached.success >= success && reached.failure <= failure && reached.warning <= warning
}
