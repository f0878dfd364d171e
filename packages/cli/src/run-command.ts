import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CliError } from './cli-error.ts'
import { COMMANDS, COMMAND_TABLE, COMMON_OPTIONS } from './command-table.ts'
import type { Answer, Given } from './command.ts'
import { serve } from './commands/serve.ts'
import { findCommand, helpText } from './help-text.ts'
import { openHubClient, type HubClient } from './hub-client.ts'
import { LoginStore } from './login/login-store.ts'
import { printable } from './printable.ts'
import { readHubUrl } from './read-hub-url.ts'
import { VERSION } from './version.ts'

export interface Terminal {
  out(text: string): void
  error(text: string): void
  /** The data directory that the environment names. */
  readonly dataDir: string | undefined
  /** What relative paths start from. */
  readonly directory: string
  /** Where this person's sign-ins are kept. */
  readonly configDir: string
  openBrowser(url: string): void
  /** Asks the person at the terminal; absent where there is none. */
  ask?(question: string): Promise<boolean>
  /** The next line that the person types, until `signal`; absent where there is no terminal. */
  askText?(question: string, signal: AbortSignal): Promise<string | undefined>
  /** Text as it is, without a line's end. */
  write?(text: string): void
  /** Hears of each Ctrl-C; answers how to stop that. */
  onInterrupt?(listener: () => void): () => void
  /** The next line of what is piped in, or of what the person types, unseen; undefined at its end. */
  readSecret?(question: string): Promise<string | undefined>
}

const DEFAULT_DATA_DIR = '.parley'

/** Runs one command line and resolves with the exit code: 0, 1 when something is wrong, or what the command says. */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name = 'help', ...rest] = argv
  const asJson = argv.includes('--json')
  try {
    if (name === 'help' || name === '--help' || name === '-h') return help(rest, terminal, asJson)
    if (name === '--version' || name === '-V' || name === 'version') {
      terminal.out(asJson ? JSON.stringify({ version: VERSION }) : VERSION)
      return 0
    }
    findCommand(name)
    if (rest.includes('--help') || rest.includes('-h')) return help([name], terminal, asJson)
    return name === 'serve' ? await serve.run(rest) : await answer(name, rest, terminal)
  } catch (error) {
    return fail(error, terminal, asJson)
  }
}

function help(args: readonly string[], terminal: Terminal, asJson: boolean): number {
  const name = args.find((arg) => !arg.startsWith('-'))
  if (asJson) terminal.out(JSON.stringify(name === undefined ? COMMAND_TABLE : findCommand(name), null, 2))
  else terminal.out(helpText(name))
  return 0
}

async function answer(name: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const command = COMMANDS[name]!
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...COMMON_OPTIONS, ...command.options },
    allowPositionals: true,
  })
  const asJson = values['json'] === true
  const named = values['data-dir']
  const dataDir = (typeof named === 'string' && named) || terminal.dataDir || DEFAULT_DATA_DIR
  const { directory } = terminal
  const logins = new LoginStore(resolve(directory, terminal.configDir))
  const hubUrl = typeof values['hub'] === 'string' ? readHubUrl(values['hub']) : undefined
  let client: HubClient | undefined
  const found: Answer = await command.run({
    values,
    positionals,
    directory,
    dataDir: resolve(directory, dataDir),
    hub: () => (client ??= openHubClient(resolve(directory, dataDir), logins, hubUrl)),
    logins,
    showAddress: (url) =>
      terminal[asJson ? 'error' : 'out'](`Open this address to sign in:\n${printable(url)}`),
    openBrowser: (url) => terminal.openBrowser(url),
    async confirm(question) {
      if (values['yes'] === true) return
      if (asJson || !terminal.ask) throw new CliError(question, { hint: 'Add --yes.' })
      if (!(await terminal.ask(printable(question)))) throw new CliError('Nothing was done.')
    },
    async readSecret(question) {
      const secret = await terminal.readSecret?.(printable(question))
      if (secret) return secret
      throw new CliError('There was no secret to read.', { hint: 'Type it, or pipe it in, one line each.' })
    },
    tell: (line) => asJson || terminal.out(printable(line)),
    ...talkWith(terminal, asJson),
  })
  if (!found.isTold) terminal.out(printable(asJson ? JSON.stringify(found.value, null, 2) : found.text))
  return found.exitCode ?? (found.ok === false ? 1 : 0)
}

/** For commands that tell what happens while it happens. */
function talkWith(
  terminal: Terminal,
  asJson: boolean,
): Pick<Given, 'note' | 'write' | 'event' | 'askText' | 'onInterrupt'> {
  const write = (text: string) => (terminal.write ? terminal.write(text) : terminal.out(text))
  const { askText } = terminal
  return {
    note: (line) => asJson || terminal.error(printable(line)),
    write: (text) => asJson || write(printable(text)),
    event: (value) => asJson && terminal.out(printable(JSON.stringify(value))),
    ...(askText && !asJson && { askText: (question, signal) => askText(printable(question), signal) }),
    onInterrupt: (listener) => terminal.onInterrupt?.(listener) ?? (() => {}),
  }
}

/** People read an error on stderr; a program that asked for JSON finds it where it looks for the answer. */
function fail(error: unknown, terminal: Terminal, asJson: boolean): number {
  const known = toCliError(error)
  const message = printable(known.message)
  const hint = known.hint === null ? null : printable(known.hint)
  if (asJson) terminal.out(JSON.stringify({ error: { code: known.code, message, hint } }))
  else terminal.error(`parley: ${message}${hint === null ? '' : `\n${hint}`}`)
  // A fault of the program itself is worth its stack.
  if (known !== error && known.code === 'internal')
    terminal.error(String(error instanceof Error ? error.stack : error))
  return 1
}

function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  if (isUsageError(error)) {
    const hint = '`parley help COMMAND` shows how it goes.'
    return new CliError(error.message.split('. To specify a positional')[0]!, { cause: error, hint })
  }
  return new CliError('This is a fault of Parley itself.', { code: 'internal', cause: error })
}

/** `parseArgs` marks what a person typed wrong by its code (Node.js, ERR_PARSE_ARGS_*). */
function isUsageError(error: unknown): error is Error {
  return (
    error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
  )
}
