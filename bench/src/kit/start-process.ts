import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'

export interface StartOptions {
  readonly command: string
  readonly args: readonly string[]
  /** The only core it may use, all its threads and children included. */
  readonly core?: number | undefined
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What it prints when it is ready; the match is returned. Without it, it counts as ready at once. */
  readonly ready?: RegExp
  readonly timeoutMs?: number
  readonly input?: 'pipe' | 'ignore'
}

export interface Started {
  readonly pid: number
  readonly child: ChildProcess
  /** The groups of `ready`. */
  readonly match: RegExpMatchArray
  readonly readyMs: number
  output(): string
  /** SIGTERM, and SIGKILL after five seconds; resolves when it has ended. */
  stop(): Promise<void>
}

const OUTPUT_LIMIT = 200_000

/** Starts a process on one core and waits until it says that it is ready. Rejects with its output otherwise. */
export async function startProcess(options: StartOptions): Promise<Started> {
  const [command, args] = onCore(options.core, options.command, options.args)
  const startedAt = performance.now()
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: [options.input ?? 'ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((done) => child.once('close', () => done()))
  let output = ''
  const match = await new Promise<RegExpMatchArray>((found, fail) => {
    const ready = options.ready ?? /^/
    const timer = setTimeout(
      () => fail(new Error(`${options.command} is not ready:\n${output}`)),
      options.timeoutMs ?? 30_000,
    )
    function read(chunk: Buffer): void {
      if (output.length < OUTPUT_LIMIT) output += chunk.toString()
      const seen = output.match(ready)
      if (seen === null) return
      clearTimeout(timer)
      found(seen)
    }
    child.stdout!.on('data', read)
    child.stderr!.on('data', read)
    if (options.ready === undefined) read(Buffer.alloc(0))
    child.once('error', fail)
    child.once('close', (code) => fail(new Error(`${options.command} ended with ${code}:\n${output}`)))
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    pid: child.pid!,
    child,
    match,
    readyMs: performance.now() - startedAt,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await exited
      clearTimeout(timer)
    },
  }
}

/** taskset replaces itself by the command, so that the pid is the command's own. */
function onCore(
  core: number | undefined,
  command: string,
  args: readonly string[],
): [string, readonly string[]] {
  if (core === undefined || !canPin()) return [command, args]
  return ['taskset', ['-c', String(core), command, ...args]]
}
function canPin(): boolean {
  return spawnSync('taskset', ['-c', '1', 'true']).status === 0
}
