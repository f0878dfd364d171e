import { parseArgs } from 'node:util'
import { CliError } from './cli-error.ts'
import type { Answer, Command } from './command.ts'
import { activity } from './commands/activity.ts'
import { backup } from './commands/backup.ts'
import { call } from './commands/call.ts'
import { doctor } from './commands/doctor.ts'
import { serve } from './commands/serve.ts'
import { servers } from './commands/servers.ts'
import { status } from './commands/status.ts'
import { openHubClient, type HubClient } from './hub-client.ts'
import { printable } from './printable.ts'

export interface Terminal {
  out(text: string): void
  error(text: string): void
  /** The data directory that the environment names. */
  readonly dataDir: string | undefined
}

const COMMANDS: Readonly<Record<string, Command>> = { servers, call, doctor, activity, status, backup }

const COMMON_OPTIONS = {
  json: { type: 'boolean', default: false },
  'data-dir': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Runs one command line and resolves with the exit code: 0, or 1 when something is wrong. */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name = 'help', ...rest] = argv
  try {
    if (name === 'help' || name === '--help' || name === '-h') {
      terminal.out(helpOn(rest[0]))
      return 0
    }
    if (name === 'serve') {
      if (!rest.includes('--help') && !rest.includes('-h')) return await serve.run(rest)
      terminal.out(helpOn(name))
      return 0
    }
    return await answer(name, rest, terminal)
  } catch (error) {
    if (!(error instanceof CliError) && !isUsageError(error)) throw error
    const message = printable(error.message)
    terminal.error(argv.includes('--json') ? JSON.stringify({ error: message }) : `parley: ${message}`)
    return 1
  }
}

async function answer(name: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const command = find(name)
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...COMMON_OPTIONS, ...command.options },
    allowPositionals: true,
  })
  if (values.help === true) {
    terminal.out(helpOn(name))
    return 0
  }
  let client: HubClient | undefined
  const dataDir = values['data-dir']
  const hub = () => (client ??= openHubClient((typeof dataDir === 'string' && dataDir) || terminal.dataDir))
  const found: Answer = await command.run({ values, positionals, hub })
  terminal.out(printable(values.json === true ? JSON.stringify(found.value, null, 2) : found.text))
  return found.ok === false ? 1 : 0
}

function find(name: string): Command {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!
  throw new CliError(`There is no command "${name}". \`parley help\` lists them.`)
}

function helpOn(name: string | undefined): string {
  if (name !== undefined) {
    const { summary, usage } = name === 'serve' ? serve : find(name)
    return [summary, '', ...usage.map((line) => `  parley ${line}`)].join('\n')
  }
  const all = [serve, ...Object.values(COMMANDS)]
  const lines = all.flatMap(({ summary, usage }) => [
    ...usage.map((line) => `parley ${line}`),
    `    ${summary}`,
  ])
  return [
    ...lines,
    '',
    '--json           the answer as JSON; errors too, on stderr',
    '--data-dir DIR   where the hub keeps its data (default $PARLEY_DATA_DIR, then .parley)',
  ].join('\n')
}

/** `parseArgs` marks what a person typed wrong by its code (Node.js, ERR_PARSE_ARGS_*). */
function isUsageError(error: unknown): error is Error {
  return (
    error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
  )
}
