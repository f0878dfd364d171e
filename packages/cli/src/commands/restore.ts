import { resolve } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'

export const restore: Command = {
  usage: ['restore FILE'],
  summary: 'Puts a backup in the place of the database; the hub must be stopped.',
  about: [
    'The backup is checked first, and the database that was there is kept beside it as before-restore-….db. Nothing',
    'changes when the backup is damaged or a hub still uses the data directory.',
  ],
  async run({ positionals, directory, dataDir }) {
    const [name, ...others] = positionals
    if (name === undefined || others.length > 0)
      throw new CliError('Name the backup.', { hint: 'parley restore FILE' })
    const file = resolve(directory, name)
    const { bytes, previous } = await restoreFrom(file, dataDir)
    const kept = previous === undefined ? [] : [`What was there before: ${previous}`]
    return {
      value: { dataDir, bytes, previous: previous ?? null },
      text: [
        `Restored ${file} into ${dataDir} (${bytes} bytes).`,
        ...kept,
        'Start the hub: parley serve',
      ].join('\n'),
    }
  },
}

async function restoreFrom(file: string, dataDir: string) {
  const { restoreBackup, systemClock } = await import('@parley/server')
  const { ParleyError } = await import('@parley/contract')
  try {
    return restoreBackup(file, dataDir, systemClock)
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    const hint = HINTS[error.code] ?? 'Nothing was changed.'
    throw new CliError(error.message, { code: error.code, hint, cause: error })
  }
}

const HINTS: Readonly<Record<string, string>> = {
  conflict: 'Stop the hub (Ctrl-C, or SIGTERM), restore, and start it again. Nothing was changed.',
  invalid_request: 'Nothing was changed. `parley backup FILE` makes a backup that can be restored.',
}
