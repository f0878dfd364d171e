/** One thing that is wrong, and where. Line and column count from 1; absent when it is not in the file. */
export interface ConfigProblem {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** `servers.files.command`; empty for the whole file. */
  readonly path: string
  /** What is wrong and what to write instead, for people. */
  readonly message: string
}

/** The configuration cannot be used. Its message lists every problem, one per line, ready to be printed. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(describeProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

function describeProblem(problem: ConfigProblem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
  return [place, problem.path, problem.message].filter((part) => part !== '').join(': ')
}
