import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { EXAMPLE_FOLDER, exampleConfig } from '../example-config.ts'

const FILE = 'parley.yaml'
const WELCOME = 'This folder is all that the server "files" may touch.\n'

export const init: Command = {
  usage: ['init [--force]'],
  summary: 'Writes a parley.yaml with two example servers into this folder.',
  about: [
    'The servers read and write the folder parley-files alone. Nothing is started and nothing is fetched.',
  ],
  options: { force: { type: 'boolean', about: 'Write over a parley.yaml that is there.' } },
  async run({ values, positionals, directory }) {
    if (positionals.length > 0)
      throw new CliError('init takes no names.', {
        hint: 'Run it in the folder where parley.yaml should be.',
      })
    const file = join(directory, FILE)
    const isThere = existsSync(file)
    if (isThere && values['force'] !== true)
      throw new CliError(`${file} exists already.`, { code: 'conflict', hint: '--force writes over it.' })
    const { text, missing } = exampleConfig(directory)
    mkdirSync(join(directory, EXAMPLE_FOLDER), { recursive: true })
    const welcome = join(directory, EXAMPLE_FOLDER, 'welcome.txt')
    if (!existsSync(welcome)) writeFileSync(welcome, WELCOME)
    writeFileSync(file, text, { flag: isThere ? 'w' : 'wx' })
    const install = missing.length > 0 ? `npm install -E ${missing.join(' ')}` : null
    const next = install ?? 'parley serve'
    const value = { file, folder: join(directory, EXAMPLE_FOLDER), missing, next }
    const advice =
      install === null
        ? ['Next: parley serve']
        : ['The example servers are not installed, so they stand there as comments. Next:', `  ${install}`]
    const again = install === null ? [] : ['  parley init --force', '  parley serve']
    return { value, text: [`Wrote ${file}.`, ...advice, ...again].join('\n') }
  },
}
