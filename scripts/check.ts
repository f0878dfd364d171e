import { spawnSync } from 'node:child_process'

/** Format, lint and types, in this order; stops at the first that fails. */
const STEPS: readonly (readonly [string, ...string[]])[] = [
  ['oxfmt', '--check'],
  ['oxlint', '--deny-warnings'],
  ['tsc', '--noEmit'],
]

for (const [command, ...args] of STEPS) {
  const startedMs = performance.now()
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  console.log(
    `${command} ${status === 0 ? 'ok' : 'FAILED'} (${Math.round(performance.now() - startedMs)} ms)`,
  )
  if (status !== 0) process.exit(1)
}
