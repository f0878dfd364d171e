import { chmodSync, constants, copyFileSync, existsSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'

export const backup: Command = {
  usage: ['backup [FILE]'],
  summary: 'Writes a copy of the database while the hub runs.',
  about: [
    'Without FILE the copy stays in the data directory. A backup holds the audit record and hashes of keys: it is',
    'written for its owner alone (0600) and never over another file.',
  ],
  async run({ positionals, directory, hub }) {
    const [name, ...others] = positionals
    if (others.length > 0) throw new CliError('Name one file, or none.', { hint: 'parley backup FILE' })
    const file = name === undefined ? undefined : resolve(directory, name)
    if (file !== undefined && existsSync(file))
      throw new CliError(`${file} exists already; a backup never overwrites.`, { code: 'conflict' })
    const made = (await hub().api('POST', '/api/backup')) as { file: string; bytes: number }
    const value = file === undefined ? made : { file: move(made.file, file), bytes: made.bytes }
    return {
      value,
      text: `${value.file} (${value.bytes} bytes)\nTo go back to it, stop the hub and run: parley restore ${value.file}`,
    }
  },
}

/** By copy, since the other place may be another disk; never over a file that appeared meanwhile. */
function move(made: string, file: string): string {
  try {
    copyFileSync(made, file, constants.COPYFILE_EXCL)
    chmodSync(file, 0o600)
  } catch (error) {
    const hint = `The backup itself is whole: ${made}`
    throw new CliError(`${file} could not be written: ${(error as Error).message}`, {
      code: 'not_written',
      hint,
      cause: error,
    })
  }
  rmSync(made)
  return file
}
