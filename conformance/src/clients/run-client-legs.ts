import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareLeg, judgeAlone } from '../leg.ts'
import type { Leg } from '../leg.ts'
import { readScenarioCounts } from '../suite/scenario-counts.ts'
import type { ScenarioCounts } from '../suite/scenario-counts.ts'
import { listScenarios, runSuite } from '../suite/suite-command.ts'
import type { Revision } from '../suite/suite-command.ts'

const driveScript = fileURLToPath(new URL('./drive-scenario.ts', import.meta.url))
const scenarioLimitMs = 90_000

/**
 * The suite's client scenarios without those about authorization: a plain client alone, then the same client with
 * the hub between it and the suite's server, which then judges the hub's own client.
 */
export async function runClientLegs(options: { only?: string; isDirectOnly: boolean }): Promise<Leg[]> {
  const legs: Leg[] = []
  for (const revision of ['2025-11-25', '2026-07-28'] as const) {
    const named = await listScenarios('client', revision)
    const scenarios = named.filter(
      (name) => !name.startsWith('auth/') && (options.only === undefined || name === options.only),
    )
    const wanted = await runClientScenarios(revision, scenarios, '')
    legs.push(judgeAlone(`${revision}: client scenarios, plain client`, wanted))
    if (options.isDirectOnly) continue
    const reached = await runClientScenarios(revision, scenarios, ' --through-hub')
    legs.push(
      compareLeg(`${revision}: client scenarios, the hub's client`, {
        wanted,
        reached,
        rule: 'no worse',
      }),
    )
  }
  return legs
}

async function runClientScenarios(
  revision: Revision,
  scenarios: string[],
  flags: string,
): Promise<ScenarioCounts> {
  const all: ScenarioCounts = new Map()
  for (const scenario of scenarios) {
    const directory = await mkdtemp(join(tmpdir(), 'parley-suite-'))
    try {
      const args = ['client', '--command', `${process.execPath} ${driveScript}${flags}`]
      args.push('--scenario', scenario, '--spec-version', revision, '--force')
      args.push('--timeout', String(scenarioLimitMs), '--output-dir', directory)
      await runSuite(args, { limitMs: scenarioLimitMs + 30_000 })
      const [entry] = await readScenarioCounts(directory, [scenario])
      if (entry !== undefined) all.set(...entry)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  return all
}
