import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createSecretReader } from './create-secret-reader.ts'
import { openBrowser } from './open-browser.ts'
import { runCommand } from './run-command.ts'

const { PARLEY_DATA_DIR: dataDir, XDG_CONFIG_HOME: configHome } = process.env

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  dataDir,
  directory: process.cwd(),
  configDir: join(configHome || join(homedir(), '.config'), 'parley'),
  openBrowser,
  readSecret: createSecretReader(process.stdin, process.stderr),
  write: (text) => void process.stdout.write(text),
  onInterrupt(listener) {
    process.on('SIGINT', listener)
    return () => void process.off('SIGINT', listener)
  },
  ...(process.stdin.isTTY && process.stdout.isTTY ? { ask, askText } : {}),
})

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(?:es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}

async function askText(question: string, signal: AbortSignal): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // While it reads, the terminal gives it the keys; whoever waits for Ctrl-C hears of it as ever.
  terminal.once('SIGINT', () => process.emit('SIGINT'))
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)))
  try {
    const typed = await Promise.race([terminal.question(question, { signal }), closed])
    if (typed === undefined) process.stderr.write('\n')
    return typed
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  } finally {
    terminal.close()
  }
}
