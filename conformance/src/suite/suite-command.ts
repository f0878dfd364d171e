import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runToEnd } from '../process/run-to-end.ts'
import type { Outcome } from '../process/run-to-end.ts'

const authorizeScript = new URL('./authorize.ts', import.meta.url).href
const suiteManifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')
export const suiteScript = join(dirname(suiteManifest), 'dist', 'index.js')

export type Revision = '2025-11-25' | '2026-07-28'

/** Where the suite's requests need the hub's key. */
export interface Credential {
  origin: string
  key: string
}

/** Runs the conformance suite's command line. */
export function runSuite(
  args: string[],
  { limitMs, credential }: { limitMs: number; credential?: Credential },
): Promise<Outcome> {
  if (credential === undefined) return runToEnd(process.execPath, [suiteScript, ...args], { limitMs })
  const env = {
    ...process.env,
    PARLEY_CONFORMANCE_ORIGIN: credential.origin,
    PARLEY_CONFORMANCE_KEY: credential.key,
  }
  return runToEnd(process.execPath, ['--import', authorizeScript, suiteScript, ...args], { limitMs, env })
}

/** The scenarios a revision names for one side, scored or not, in the suite's order. */
export async function listScenarios(side: 'server' | 'client', revision: Revision): Promise<string[]> {
  const { stdout } = await runSuite(['list', `--${side}`, '--requirements', revision], { limitMs: 60_000 })
  const names: string[] = []
  let section = ''
  for (const line of stdout.split('\n')) {
    if (/^\S/.test(line)) section = line
    const name = /^\s+- (\S+)/.exec(line)?.[1]
    if (name === undefined) continue
    const isWanted = section.toLowerCase().startsWith(`${side} scenarios`) || line.endsWith(`[${side}]`)
    if (isWanted) names.push(name)
  }
  if (names.length === 0) throw new Error(`The suite lists no ${side} scenarios for ${revision}`)
  return names
}

/** This repository's root, for commands given to the suite. */
export const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url))
