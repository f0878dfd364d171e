import { outcomeOf, type FaultCase, type FaultGroup, type Outcome } from './fault-case.ts'
import { openRig, type RigHandle } from './rig.ts'
import type { Settings } from './settings.ts'

const CASE_LIMIT_MS = 240_000
/** With `--full`, where a case may kill a hub two hundred times. */
const FULL_CASE_LIMIT_MS = 30 * 60_000

/**
 * Runs the groups, each on a hub of its own and `settings.jobs` of them at once; those that compare times come last
 * and alone. A group's lines are printed together when it is done.
 */
export async function runGroups(groups: readonly FaultGroup[], settings: Settings): Promise<Outcome[]> {
  const wanted = groups.filter((group) => wantedCases(group, settings).length > 0)
  const queue = wanted.filter((group) => !group.runsAlone)[Symbol.iterator]()
  const outcomes: Outcome[] = []
  async function work(): Promise<void> {
    for (const group of queue) outcomes.push(...(await runGroup(group, settings)))
  }
  await Promise.all(Array.from({ length: settings.jobs }, work))
  for (const group of wanted.filter(({ runsAlone }) => runsAlone))
    outcomes.push(...(await runGroup(group, settings)))
  return outcomes
}

/**
 * The cases of a group that the command line asks for. A single word of small letters is a group, or the beginning of
 * several groups' names; anything else a requirement or words of a case's name.
 */
export function wantedCases(group: FaultGroup, { only, isFull }: Settings): FaultCase[] {
  const cases = group.cases.filter((fault) => isFull || !fault.isLong)
  if (only === undefined) return cases
  if (/^[a-z][a-z0-9-]*$/.test(only)) return group.name.startsWith(only) ? cases : []
  return cases.filter(
    (fault) => fault.requirement === only || fault.also?.includes(only) || fault.name.includes(only),
  )
}

async function runGroup(group: FaultGroup, settings: Settings): Promise<Outcome[]> {
  const lines = [`\n${group.name}`]
  const outcomes: Outcome[] = []
  let handle: RigHandle | undefined
  for (const fault of wantedCases(group, settings)) {
    const started = performance.now()
    try {
      handle ??= await openRig(settings, group.rig)
      await withLimit(runCase(handle, fault), settings.isFull ? FULL_CASE_LIMIT_MS : CASE_LIMIT_MS)
      const milliseconds = Math.round(performance.now() - started)
      lines.push(`  ok   ${fault.requirement} ${fault.name} (${milliseconds} ms)`)
      if (fault.gap !== undefined) lines.push(`       passes although marked as a gap: ${fault.gap}`)
      outcomes.push(outcomeOf(group, fault, fault.gap === undefined ? 'passed' : 'failed', fault.gap))
    } catch (error) {
      const mark = fault.gap === undefined ? 'FAIL' : 'gap '
      lines.push(`  ${mark} ${fault.requirement} ${fault.name} (seed ${settings.seed})`)
      lines.push(indent(fault.gap === undefined ? describe(error) : fault.gap))
      outcomes.push(outcomeOf(group, fault, fault.gap === undefined ? 'failed' : 'gap', fault.gap))
      // What a failed case leaves behind must not fail the next one.
      await closeQuietly(handle, lines)
      handle = undefined
    }
    for (const figure of handle?.figures.splice(0) ?? []) lines.push(`         ${figure}`)
  }
  await closeQuietly(handle, lines)
  console.log(lines.join('\n'))
  return outcomes
}

async function runCase(handle: RigHandle, fault: FaultCase): Promise<void> {
  try {
    await fault.run(handle.rig)
    await handle.checkUntouched()
  } finally {
    await handle.endCase()
  }
}

async function withLimit(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${limitMs} ms`)), limitMs)
  })
  try {
    await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

async function closeQuietly(handle: RigHandle | undefined, lines: string[]): Promise<void> {
  try {
    await handle?.close()
  } catch (error) {
    lines.push(`  (closing the rig: ${describe(error)})`)
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = error.stack
    ?.split('\n')
    .find((line) => line.includes('/cases/') && !line.includes('expectations.ts'))
  return `${error.message}${place ? `\n${place.trim()}` : ''}`
}

function indent(text: string): string {
  return text
    .slice(0, 3000)
    .split('\n')
    .map((line) => `         ${line}`)
    .join('\n')
}
