import type { FaultCase, FaultGroup } from './fault-case.ts'
import { openRig, type RigHandle } from './rig.ts'
import type { Settings } from './settings.ts'

export interface Tally {
  passed: number
  failed: number
}

const CASE_LIMIT_MS = 120_000

/** Runs the groups one after another, each on a hub of its own, and prints one line for each case. */
export async function runGroups(
  groups: readonly FaultGroup[],
  settings: Settings,
  tally: Tally,
): Promise<void> {
  for (const group of groups) {
    const cases = group.cases.filter((fault) => isWanted(group, fault, settings))
    if (cases.length > 0) await runGroup(group, cases, settings, tally)
  }
}

function isWanted(group: FaultGroup, fault: FaultCase, settings: Settings): boolean {
  const { only } = settings
  if (fault.isLong && !settings.isFull) return false
  return only === undefined || fault.requirement === only || group.name === only || fault.name.includes(only)
}

async function runGroup(
  ...[group, cases, settings, tally]: [FaultGroup, readonly FaultCase[], Settings, Tally]
): Promise<void> {
  console.log(`\n${group.name}`)
  let handle: RigHandle | undefined
  for (const fault of cases) {
    const started = performance.now()
    try {
      handle ??= await openRig(settings, group.rig)
      await withLimit(runCase(handle, fault))
      tally.passed += 1
      console.log(`  ok   ${fault.requirement} ${fault.name} (${Math.round(performance.now() - started)} ms)`)
    } catch (error) {
      tally.failed += 1
      console.log(
        `  FAIL ${fault.requirement} ${fault.name} (seed ${settings.seed})\n${indent(describe(error))}`,
      )
      // What a failed case leaves behind must not fail the next one.
      await closeQuietly(handle)
      handle = undefined
    }
    for (const figure of handle?.figures.splice(0) ?? []) console.log(`         ${figure}`)
  }
  await closeQuietly(handle)
}

async function runCase(handle: RigHandle, fault: FaultCase): Promise<void> {
  try {
    await fault.run(handle.rig)
    await handle.checkUntouched()
  } finally {
    await handle.endCase()
  }
}

async function withLimit(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${CASE_LIMIT_MS} ms`)), CASE_LIMIT_MS)
  })
  try {
    await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

async function closeQuietly(handle: RigHandle | undefined): Promise<void> {
  try {
    await handle?.close()
  } catch (error) {
    console.log(`  (closing the rig: ${describe(error)})`)
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = error.stack?.split('\n').find((line) => line.includes('/cases/'))
  return `${error.message}${place ? `\n${place.trim()}` : ''}`
}

function indent(text: string): string {
  return text
    .slice(0, 3000)
    .split('\n')
    .map((line) => `         ${line}`)
    .join('\n')
}
