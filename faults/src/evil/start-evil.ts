import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scriptedPrompts, scriptedResources, scriptedTemplates, scriptedTools } from './definitions.ts'
import { withoutScript } from './answer.ts'
import { startEvilHttp, type EvilHttp, type Place } from './evil-http.ts'
import { createEvilState, type Era, type EvilState, type Json } from './evil-state.ts'

/** An evil HTTP server with all scripted tools, prompts, templates and resources. */
export function startEvil(
  era: Era,
  overrides: Partial<EvilState> = {},
  place: Place = {},
): Promise<EvilHttp> {
  return startEvilHttp(era, createEvilState({ ...scriptedState(), ...overrides }), place)
}

function scriptedState(): Partial<EvilState> {
  return {
    tools: scriptedTools(),
    prompts: scriptedPrompts(),
    templates: scriptedTemplates(),
    resources: scriptedResources(),
  }
}

/** The stdio twin as it stands in `parley.yaml`, and what it saw so far. */
export interface EvilStdio {
  readonly config: Json
  readonly command: string
  readonly args: readonly string[]
  /** Every line of its log: pid lines of each start, messages, cancellations. */
  entries(): Json[]
  count(method: string, name?: string): number
  pids(): number[]
  setTools(tools: readonly Json[]): void
}

export function describeEvilStdio(
  era: Era,
  options: { crash?: string; stubborn?: boolean; env?: Json; args?: readonly string[] } = {},
): EvilStdio {
  const folder = mkdtempSync(join(tmpdir(), 'parley-evil-'))
  const log = join(folder, 'log.jsonl')
  const tools = join(folder, 'tools.json')
  writeFileSync(log, '')
  const file = join(import.meta.dirname, 'evil-stdio.ts')
  const args = [
    file,
    '--era',
    era,
    '--log',
    log,
    '--tools',
    tools,
    ...(options.crash ? ['--crash', options.crash] : []),
    ...(options.stubborn ? ['--stubborn'] : []),
    ...(options.args ?? []),
  ]
  const entries = (): Json[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Json)
  return {
    command: process.execPath,
    args,
    config: { command: process.execPath, args, ...(options.env ? { env: options.env } : {}) },
    entries,
    count: (method, name) =>
      entries().filter(
        (entry) => entry['method'] === method && (name === undefined || entry['name'] === name),
      ).length,
    pids: () => entries().flatMap((entry) => (typeof entry['pid'] === 'number' ? [entry['pid']] : [])),
    setTools: (definitions) => writeFileSync(tools, JSON.stringify(definitions.map(withoutScript))),
  }
}
