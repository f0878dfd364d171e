import { suggestWord } from '@parley/contract/suggest-word'
import { CliError } from './cli-error.ts'
import { COMMAND_TABLE, COMMON_OPTIONS } from './command-table.ts'
import type { CommandFacts, CommandOption } from './command.ts'

/** What can be said about a command; throws a CliError that names the nearest one. */
export function findCommand(name: string): CommandFacts {
  if (Object.hasOwn(COMMAND_TABLE, name)) return COMMAND_TABLE[name]!
  const near = suggestWord(name, Object.keys(COMMAND_TABLE))
  throw new CliError(`There is no command "${name}".`, {
    code: 'unknown_command',
    hint: near === undefined ? '`parley help` lists them.' : `Did you mean \`parley ${near}\`?`,
  })
}

/** The help on one command, or the list of all. */
export function helpText(name: string | undefined): string {
  if (name === undefined) return overview()
  const { summary, usage, options = {}, about = [] } = findCommand(name)
  const flags = optionLines({ ...options, ...COMMON_OPTIONS })
  return [
    summary,
    '',
    ...usage.map((line) => `  parley ${line}`),
    '',
    ...about,
    ...(about.length > 0 ? [''] : []),
    ...flags,
  ].join('\n')
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMAND_TABLE).map((name) => name.length)) + 2
  return [
    'parley COMMAND …',
    '',
    ...Object.entries(COMMAND_TABLE).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`),
    '',
    ...optionLines(COMMON_OPTIONS),
    '',
    'parley help COMMAND says more; parley --version says which Parley this is.',
  ].join('\n')
}

function optionLines(options: Readonly<Record<string, CommandOption>>): string[] {
  const names = Object.entries(options).map(
    ([name, option]) => [optionName(name, option), option.about] as const,
  )
  const width = Math.max(...names.map(([name]) => name.length)) + 2
  return names.map(([name, about]) => `  ${name.padEnd(width)}${about}`)
}

/** An option as it is typed: `--header 'NAME: VALUE'…`. */
export function optionName(name: string, { value, multiple }: CommandOption): string {
  return `--${name}${value === undefined ? '' : ` ${value}`}${multiple === true ? '…' : ''}`
}
