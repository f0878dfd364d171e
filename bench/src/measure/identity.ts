import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { hubIsMissing } from '../systems/start-hub.ts'
import type { Group, Settings } from './group.ts'
import { measureRevocation } from './revocation.ts'

const PROGRAMS = ['token-endpoint.ts', 'hop-token.ts', 'grant-check.ts']

/** What tokens and grants cost, part by part, and how soon a revocation bites. */
export async function measureIdentity(settings: Settings): Promise<Group> {
  const numbers: Record<string, number> = {}
  for (const program of PROGRAMS) Object.assign(numbers, await runMicro(program))
  const missing = hubIsMissing(settings.hubEntry)
  if (missing === undefined) Object.assign(numbers, await measureRevocation(settings))
  return {
    title: 'identity: tokens, grants, revocation',
    figures: [],
    numbers,
    skipped: missing === undefined ? [] : [missing],
  }
}

/** In a process of its own, as it is run alone; it prints its figures as JSON. */
async function runMicro(program: string): Promise<Record<string, number>> {
  const file = resolve(import.meta.dirname, '../micro', program)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return JSON.parse(output) as Record<string, number>
}
