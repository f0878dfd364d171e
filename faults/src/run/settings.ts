import { parseArgs } from 'node:util'
import { resolve } from 'node:path'
import { DEFAULT_HUB_ENTRY } from '../kit/hub.ts'

export interface Settings {
  readonly isFull: boolean
  /** A requirement's id, a group's name, or part of a case's name. */
  readonly only: string | undefined
  readonly seed: number
  readonly isInsideNamespace: boolean
  readonly hubEntry: string
}

export const USAGE = `npm run faults -- [--full] [--only NAME] [--seed N] [--hub FILE]
  --full   the long cases too, and figures held to their exact limits
  --only   a requirement (P4), a group (parsing) or part of a case's name
  --seed   repeats a run; each failure prints its seed
  --hub    the file that starts the hub, packages/cli/src/main.ts unless given`

/** Reads the command line. The seed is taken from the clock when none is given. */
export function readSettings(args: readonly string[], now: number): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string' },
      hub: { type: 'string' },
      'inside-namespace': { type: 'boolean', default: false },
    },
  })
  const seed = values.seed === undefined ? now % 2_147_483_648 : Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number, 0 or more')
  return {
    isFull: values.full,
    only: values.only,
    seed,
    isInsideNamespace: values['inside-namespace'],
    hubEntry: values.hub === undefined ? DEFAULT_HUB_ENTRY : resolve(values.hub),
  }
}
