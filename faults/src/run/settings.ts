import { parseArgs } from 'node:util'
import { resolve } from 'node:path'

export interface Settings {
  readonly isFull: boolean
  /** A requirement's id, a group's name, or part of a case's name. */
  readonly only: string | undefined
  readonly seed: number
  /** Groups that run at once. */
  readonly jobs: number
  readonly isInsideNamespace: boolean
  /** The file that starts the hub. */
  readonly hubEntry: string
  /** The JSONTestSuite's files; it lies beside the checkout and is not part of it. */
  readonly corpusDir: string
}

/** As the command line gives them: the hub is built unless there is one. */
export type GivenSettings = Omit<Settings, 'hubEntry'> & { readonly hubEntry: string | undefined }

export const USAGE = `npm run faults -- [--full] [--only NAME] [--seed N] [--jobs N] [--hub FILE] [--corpus DIR]
  --full   the long cases too, one group at a time, and figures held to their exact limits
  --only   a requirement (P4), a group (headers) or words of a case's name
  --seed   repeats a run; each failure prints its seed
  --jobs   groups that run at once, 3 unless given
  --corpus the JSONTestSuite, ../shared/corpora/jsontestsuite unless given
  --hub    the file that starts the hub, such as packages/cli/src/main.ts; unless given it is built first`

const DEFAULT_CORPUS = resolve(import.meta.dirname, '../../../../shared/corpora/jsontestsuite')

/** Reads the command line. The seed is taken from the clock when none is given. */
export function readSettings(args: readonly string[], now: number): GivenSettings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string' },
      jobs: { type: 'string' },
      hub: { type: 'string' },
      corpus: { type: 'string', default: DEFAULT_CORPUS },
      'inside-namespace': { type: 'boolean', default: false },
    },
  })
  return {
    isFull: values.full,
    only: values.only,
    seed: values.seed === undefined ? now % 2_147_483_648 : readCount('--seed', values.seed, 0),
    jobs: values.jobs === undefined ? (values.full ? 1 : 3) : readCount('--jobs', values.jobs, 1),
    isInsideNamespace: values['inside-namespace'],
    corpusDir: resolve(values.corpus),
    hubEntry: values.hub === undefined ? undefined : resolve(values.hub),
  }
}

/** The command line that gives these settings again. */
export function toArguments(settings: Settings): string[] {
  const { isFull, only, seed, jobs, hubEntry, corpusDir } = settings
  return [
    `--seed=${seed}`,
    `--jobs=${jobs}`,
    `--hub=${hubEntry}`,
    `--corpus=${corpusDir}`,
    ...(isFull ? ['--full'] : []),
    ...(only === undefined ? [] : ['--only', only]),
  ]
}

function readCount(option: string, text: string, least: number): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < least)
    throw new Error(`${option} takes a whole number, ${least} or more`)
  return count
}
