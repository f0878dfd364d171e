import type { HubClient } from './hub-client.ts'
import type { LoginStore } from './login/login-store.ts'

/** What a command found: for programs, and for people. */
export interface Answer {
  readonly value: unknown
  readonly text: string
  /** False makes the exit code 1, though there was an answer. */
  readonly ok?: boolean
  /** In the place of that of `ok`. */
  readonly exitCode?: number
  /** Everything was said by then: by `write`, `note` and `event`. */
  readonly isTold?: true
}

export interface Given {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
  /** Opens the way to the hub, at the first use. */
  hub(): HubClient
  readonly logins: LoginStore
  /** Shows an address that a person must open, with `--json` too: there it goes to stderr. */
  showAddress(url: string): void
  /** Opens an address in the person's browser, where there is one. */
  openBrowser(url: string): void
  /** Goes on when the person agrees or said `--yes`; throws a CliError otherwise. */
  confirm(question: string): Promise<void>
  /** Reads a secret: one line of what is piped in, or typed without being shown. Never an argument, which others can see. */
  readSecret(question: string): Promise<string>
  /** Absolute path of the hub's data directory, which may not exist. */
  readonly dataDir: string
  /** What relative paths start from. */
  readonly directory: string
  /** Shows a line at once, to people; the answer follows. Says nothing with `--json`. */
  tell(line: string): void
  /** A line beside the answer, on stderr. Says nothing with `--json`. */
  note(line: string): void
  /** A piece of the answer as it comes. Says nothing with `--json`. */
  write(text: string): void
  /** A line of JSON at once. Says nothing without `--json`. */
  event(value: unknown): void
  /** Asks the person at the terminal for a line, until `signal`; absent where there is none, and with `--json`. */
  readonly askText?: (question: string, signal: AbortSignal) => Promise<string | undefined>
  /** Hears of each Ctrl-C, which then does nothing else; answers how to stop that. */
  onInterrupt(listener: () => void): () => void
}

export interface CommandOption {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** What stands for the value in the help, such as FILE. */
  readonly value?: string
  readonly about: string
}

/** What the help and the reference page say about one word of the command line. */
export interface CommandFacts {
  readonly usage: readonly string[]
  readonly summary: string
  readonly options?: Readonly<Record<string, CommandOption>>
  /** Further sentences for `parley help COMMAND`. */
  readonly about?: readonly string[]
}

/** One word of the command line. `--json`, `--data-dir` and `--help` are understood by all. */
export interface Command extends CommandFacts {
  run(given: Given): Promise<Answer>
}

/** A string option that may be absent. */
export function textOf(given: Given, name: string): string | undefined {
  const value = given.values[name]
  return typeof value === 'string' ? value : undefined
}

/** The values of an option that may be given several times. */
export function listOf(given: Given, name: string): readonly string[] {
  const value = given.values[name]
  return Array.isArray(value) ? value.map(String) : []
}
