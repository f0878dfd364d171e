import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { FaultGroup } from './fault-case.ts'
import type { Tally } from './run-groups.ts'
import type { Settings } from './settings.ts'

/**
 * Runs the groups that need it in network and mount namespaces of their own, as this program started once more.
 * Where namespaces cannot be made (no rights, not Linux), each of those cases is printed as not applicable.
 */
export async function runInNamespace(
  groups: readonly FaultGroup[],
  settings: Settings,
  tally: Tally,
): Promise<void> {
  const wanted = groups.filter((group) => isAnyWanted(group, settings))
  if (wanted.length === 0) return
  if (spawnSync('unshare', ['-m', '-n', 'ip', 'link', 'set', 'lo', 'up']).status !== 0) {
    for (const fault of wanted.flatMap((group) => group.cases))
      console.log(`  n/a  ${fault.requirement} ${fault.name}: needs the right to make namespaces`)
    return
  }
  const args = ['--inside-namespace', '--seed', String(settings.seed), '--hub', settings.hubEntry]
  if (settings.isFull) args.push('--full')
  if (settings.only !== undefined) args.push('--only', settings.only)
  const script = 'ip link set lo up && exec "$@"'
  const command = [process.execPath, process.argv[1] ?? '', ...args]
  const child = spawn('unshare', ['-m', '-n', 'sh', '-c', script, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let counted = false
  for await (const line of createInterface({ input: child.stdout })) {
    const total = /^(\d+) passed, (\d+) failed$/.exec(line)
    if (total) {
      counted = true
      tally.passed += Number(total[1])
      tally.failed += Number(total[2])
    } else {
      console.log(line)
    }
  }
  if (!counted) {
    tally.failed += 1
    console.log('  FAIL the cases in the namespace ended without a result')
  }
}

function isAnyWanted(group: FaultGroup, { only }: Settings): boolean {
  return (
    only === undefined ||
    group.name === only ||
    group.cases.some((fault) => fault.requirement === only || fault.name.includes(only))
  )
}
