import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { outcomeOf, type FaultGroup, type Outcome } from './fault-case.ts'
import { wantedCases } from './run-groups.ts'
import { toArguments, type Settings } from './settings.ts'

/** Begins the line by which the program inside tells one outcome to the one outside. */
const OUTCOME = '@outcome '

export function tellOutcomes(outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) console.log(OUTCOME + JSON.stringify(outcome))
}

/**
 * Runs the groups that need it in network and mount namespaces of their own, as this program started once more.
 * Where namespaces cannot be made (no rights, not Linux), each of those cases is not run, with the reason.
 */
export async function runInNamespace(groups: readonly FaultGroup[], settings: Settings): Promise<Outcome[]> {
  const wanted = groups.filter((group) => wantedCases(group, settings).length > 0)
  if (wanted.length === 0) return []
  const reason = whyNoNamespace()
  if (reason !== undefined) {
    return wanted.flatMap((group) =>
      wantedCases(group, settings).map((fault) => outcomeOf(group, fault, 'not run', reason)),
    )
  }
  const command = [process.execPath, process.argv[1] ?? '', '--inside-namespace', ...toArguments(settings)]
  const script = 'ip link set lo up && exec "$@"'
  const child = spawn('unshare', ['-m', '-n', 'sh', '-c', script, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const outcomes: Outcome[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith(OUTCOME)) outcomes.push(JSON.parse(line.slice(OUTCOME.length)) as Outcome)
    else console.log(line)
  }
  return [...outcomes, ...missingOnes(wanted, settings, outcomes)]
}

function whyNoNamespace(): string | undefined {
  const tried = spawnSync('unshare', ['-m', '-n', 'ip', 'link', 'set', 'lo', 'up'])
  if (tried.error) return 'needs the program unshare (util-linux)'
  if (tried.status === 0) return undefined
  return /ip: |exec/.test(tried.stderr.toString())
    ? 'needs the program ip (iproute2)'
    : 'needs the right to make network and mount namespaces (root)'
}

/** A case that was to run and told nothing has failed. */
function missingOnes(
  wanted: readonly FaultGroup[],
  settings: Settings,
  outcomes: readonly Outcome[],
): Outcome[] {
  const told = new Set(outcomes.map(({ name }) => name))
  return wanted.flatMap((group) =>
    wantedCases(group, settings)
      .filter(({ name }) => !told.has(name))
      .map((fault) => outcomeOf(group, fault, 'failed', 'the program in the namespace ended without it')),
  )
}
