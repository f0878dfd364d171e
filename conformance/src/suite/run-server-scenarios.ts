import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readScenarioCounts } from './scenario-counts.ts'
import type { ScenarioCounts } from './scenario-counts.ts'
import { listScenarios, runSuite } from './suite-command.ts'
import type { Credential, Revision } from './suite-command.ts'

const wholeRunLimitMs = 600_000

export interface ServerRun {
  url: string
  revision: Revision
  /** One scenario instead of all that the revision names. */
  only?: string
  credential?: Credential
}

/**
 * Runs the suite's server scenarios against a URL.
 * @throws Error with the suite's output when it leaves a scenario without a result.
 */
export async function runServerScenarios(run: ServerRun): Promise<ScenarioCounts> {
  const { url, revision, only, credential } = run
  const named = await listScenarios('server', revision)
  const scenarios = only === undefined ? named : named.filter((name) => name === only)
  if (scenarios.length === 0) return new Map()

  const directory = await mkdtemp(join(tmpdir(), 'parley-suite-'))
  try {
    const selection =
      only === undefined
        ? ['--requirements', revision]
        : ['--scenario', only, '--spec-version', revision, '--force']
    const args = ['server', '--url', url, ...selection, '--output-dir', directory]
    const outcome = await runSuite(args, {
      limitMs: wholeRunLimitMs,
      ...(credential === undefined ? {} : { credential }),
    })
    const counts = await readScenarioCounts(directory, scenarios)
    const missing = scenarios.filter((name) => !counts.has(name))
    if (missing.length > 0) {
      const output = `${outcome.stdout}\n${outcome.stderr}`.slice(-4000)
      throw new Error(`No result for ${missing.join(', ')} (exit ${outcome.exitCode}):\n${output}`)
    }
    return counts
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
