import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { judgeAlone } from '../leg.ts'
import type { Leg } from '../leg.ts'
import { readScenarioCounts } from '../suite/scenario-counts.ts'
import type { ScenarioCounts } from '../suite/scenario-counts.ts'
import { listScenarios, runSuite } from '../suite/suite-command.ts'
import type { Revision } from '../suite/suite-command.ts'

const driveScript = fileURLToPath(new URL('./drive-auth-scenario.ts', import.meta.url))
const scenarioLimitMs = 90_000
/** Each is a hub of its own, and mostly waits. */
const atOnce = 2
/** Extensions, which no revision requires. */
const extension = /^auth\/(?:client-credentials|enterprise-managed|dpop|wif)/

/** The suite's client scenarios about authorization, with a hub as the OAuth client; there is nothing to compare with. */
export async function runAuthLegs(options: { only?: string }): Promise<Leg[]> {
  const legs: Leg[] = []
  for (const revision of ['2025-11-25', '2026-07-28'] as const) {
    const named = await listScenarios('client', revision)
    const scenarios = named.filter(
      (name) =>
        name.startsWith('auth/') &&
        !extension.test(name) &&
        (options.only === undefined || name === options.only),
    )
    const reached = await runScenarios(revision, scenarios)
    legs.push(judgeAlone(`${revision}: authorization scenarios, the hub as OAuth client`, reached))
  }
  return legs
}

async function runScenarios(revision: Revision, scenarios: readonly string[]): Promise<ScenarioCounts> {
  const results = new Map<string, ScenarioCounts>()
  const waiting = [...scenarios]
  const work = async () => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift())
      results.set(scenario, await runScenario(revision, scenario))
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return new Map(scenarios.flatMap((scenario) => [...results.get(scenario)!]))
}

async function runScenario(revision: Revision, scenario: string): Promise<ScenarioCounts> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-suite-'))
  try {
    const args = ['client', '--command', `${process.execPath} ${driveScript}`, '--scenario', scenario]
    args.push('--spec-version', revision, '--force', '--timeout', String(scenarioLimitMs))
    args.push('--output-dir', directory)
    await runSuite(args, { limitMs: scenarioLimitMs + 30_000 })
    const found = await readScenarioCounts(directory, [scenario])
    return found.size > 0 ? found : new Map([[scenario, NO_RESULT]])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const NO_RESULT = {
  counts: { success: 0, failure: 1, warning: 0, skipped: 0 },
  complaints: ['The suite left no result.'],
}
