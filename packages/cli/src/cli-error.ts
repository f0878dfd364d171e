/** Said to whoever typed the command, without a stack: a word for programs, what is wrong, and what to do. */
export class CliError extends Error {
  /** `usage` unless the hub or the step that failed has a word of its own. */
  readonly code: string
  readonly hint: string | null

  constructor(message: string, options: { code?: string; hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliError'
    this.code = options.code ?? 'usage'
    this.hint = options.hint ?? null
  }
}
