import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const keptOutputBytes = 64 * 1024
const stopLimitMs = 20_000

export interface ReadyProcess {
  /** The line it printed when ready, parsed. */
  ready: Record<string, unknown>
  /** The last 64 KiB it wrote to stderr. */
  errors: () => string
  /** SIGTERM, and SIGKILL after 20 s. */
  stop: () => Promise<void>
}

/**
 * Runs a script with this Node until it prints a JSON line with `"event":"ready"`.
 * @throws Error with what it wrote to stderr when it ends first, or takes longer than `limitMs`.
 */
export async function startUntilReady(
  args: string[],
  { limitMs = 60_000, env = process.env }: { limitMs?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<ReadyProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptOutputBytes)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))

  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
    await ended
    clearTimeout(timer)
  }

  const ready = await new Promise<Record<string, unknown> | undefined>((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), limitMs)
    child.once('error', reject)
    void ended.then(() => resolve(undefined))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = parseReadyLine(line)
      if (message === undefined) return
      clearTimeout(timer)
      resolve(message)
    })
  })
  if (ready !== undefined) return { ready, errors: () => errors, stop }
  await stop()
  throw new Error(`${args.join(' ')} did not become ready:\n${errors}`)
}

function parseReadyLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  const message: unknown = JSON.parse(line)
  const isReady =
    typeof message === 'object' && message !== null && 'event' in message && message.event === 'ready'
  return isReady ? { ...message } : undefined
}
