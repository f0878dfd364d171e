import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Format, lint and types, in this order; stops at the first that fails. */
const STEPS: readonly (readonly [string, ...string[]])[] = [
  ['oxfmt', '--check'],
  ['oxlint', '--deny-warnings'],
  ['tsc', '--noEmit'],
]

const root = join(import.meta.dirname, '..')

for (const [command, ...args] of STEPS) {
  const startedMs = performance.now()
  const { status, error } = spawnSync(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: 'inherit',
  })
  if (error) console.error(`${error.message}: run \`npm install\` first`)
  console.log(
    `${command} ${status === 0 ? 'ok' : 'FAILED'} (${Math.round(performance.now() - startedMs)} ms)`,
  )
  if (status !== 0) process.exit(1)
}
