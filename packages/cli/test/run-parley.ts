import { join } from 'node:path'
import { runCommand } from '../src/run-command.ts'

/** One command line in this process, as it is typed in `directory`. */
export async function runParley(directory: string, ...argv: string[]) {
  const out: string[] = []
  const errors: string[] = []
  const code = await runCommand(argv, {
    out: (text) => out.push(text),
    error: (text) => errors.push(text),
    dataDir: undefined,
    directory,
    configDir: join(directory, 'logins'),
    openBrowser: () => {},
  })
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}
