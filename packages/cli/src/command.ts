import type { ParseArgsConfig } from 'node:util'
import type { HubClient } from './hub-client.ts'

/** What a command found: for programs, and for people. */
export interface Answer {
  readonly value: unknown
  readonly text: string
  /** False makes the exit code 1, though there was an answer. */
  readonly ok?: boolean
}

export interface Given {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
  /** Opens the way to the hub, at the first use. */
  hub(): HubClient
}

/** One word of the command line. `--json`, `--data-dir` and `--help` are understood by all. */
export interface Command {
  readonly usage: readonly string[]
  readonly summary: string
  readonly options?: NonNullable<ParseArgsConfig['options']>
  run(given: Given): Promise<Answer>
}

/** A string option that may be absent. */
export function textOf(given: Given, name: string): string | undefined {
  const value = given.values[name]
  return typeof value === 'string' ? value : undefined
}
