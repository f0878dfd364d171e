import { spawn, type ChildProcess } from 'node:child_process'
import { ParleyError } from '@parley/contract'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Message } from '../lib/json-rpc.ts'
import { WriteBatch } from '../lib/write-batch.ts'
import { ErrorOutput } from './error-output.ts'
import { LineFraming } from './line-framing.ts'
import { readMessages } from './message-reader.ts'
import type { OrphanGuard } from './orphan-guard.ts'

export interface StdioTarget {
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the child, resolved when it starts. */
  readonly environment: () => Readonly<Record<string, string>>
  readonly cwd: string
}

export interface ChildOptions {
  readonly target: StdioTarget
  /** Of one message. */
  readonly limitBytes: number
  readonly clock: Clock
  readonly orphans: OrphanGuard
  /** Whether a JSON array is several messages at the moment (MCP 2025-03-26, Batching). */
  isBatching(): boolean
  onMessage(message: Message): void
  /** A line that should have been a message and is none. */
  onMalformed(error: ParleyError, line: Buffer): void
  /** Called once, when the process is gone or has become unusable; nothing else is called after it. */
  onEnd(error: ParleyError): void
  onLog(line: string): void
}

const TERM_AFTER_MS = 1000
const KILL_AFTER_MS = 3000
/** Messages that a process has left unread; beyond it, it is taken to have stopped reading. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024
/** After the process's end its pipes are read out, unless something else holds them open. */
const DRAIN_MS = 500
const OPENING_BRACE = 0x7b
const OPENING_BRACKET = 0x5b

/**
 * An upstream's process: argv without a shell, an environment that is exactly what was declared, a process group of
 * its own that ends as a whole, and one JSON message per line (MCP, stdio).
 */
export class StdioChild {
  readonly #options: ChildOptions
  readonly #child: ChildProcess
  readonly #log: ErrorOutput
  readonly #gone = Promise.withResolvers<void>()
  readonly #writes = new WriteBatch()
  /** Lines of this turn, which go out as one write. */
  #unsent = ''
  #isOver = false

  /** @throws ParleyError when the declared environment cannot be resolved. */
  constructor(options: ChildOptions) {
    this.#options = options
    const { target, clock, orphans } = options
    this.#log = new ErrorOutput(clock, (line) => options.onLog(line))
    this.#child = spawn(target.command, [...target.args], {
      cwd: target.cwd,
      env: target.environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      shell: false,
      windowsHide: true,
    })
    if (this.#child.pid !== undefined) orphans.add(this.#child.pid)
    this.#listen()
  }

  send(message: object): void {
    if (this.#isOver) throw new ParleyError('upstream_unavailable', "The server's process has ended.")
    if (this.#unsent === '') this.#writes.add(() => this.#flush())
    this.#unsent += `${JSON.stringify(message)}\n`
    const { stdin } = this.#child
    if (stdin && stdin.writableLength + this.#unsent.length > MAX_UNREAD_BYTES)
      this.#break('does not read what it is sent', 'upstream_unavailable')
  }

  /** Closes the input, then asks, then forces (MCP, stdio: Shutdown); resolves when the whole group is gone. */
  async stop(): Promise<void> {
    this.#isOver = true
    if (this.#child.pid === undefined) return
    this.#flush()
    this.#child.stdin?.end()
    const { clock } = this.#options
    const timers: Timer[] = [
      clock.setTimeout(() => this.#signal('SIGTERM'), TERM_AFTER_MS),
      clock.setTimeout(() => this.#signal('SIGKILL'), KILL_AFTER_MS),
    ]
    await this.#gone.promise
    for (const timer of timers) timer.cancel()
  }

  #flush(): void {
    const text = this.#unsent
    this.#unsent = ''
    if (text !== '') this.#child.stdin?.write(text)
  }

  #listen(): void {
    const { limitBytes, clock } = this.#options
    const lines = new LineFraming({
      limitBytes,
      onLine: (line) => this.#line(line),
      onTooLong: () => this.#break(`sent a message of more than ${limitBytes} bytes`, 'upstream_invalid'),
    })
    const child = this.#child
    child.stdout?.on('data', (chunk: Buffer) => this.#isOver || lines.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => this.#log.push(chunk))
    child.stdin?.on('error', () => this.#end('closed its input'))
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return
      this.#end(`could not be started (${error.code ?? 'error'})`)
      this.#gone.resolve()
    })
    child.once('exit', (code, signal) => {
      this.#bury()
      const how = `ended (${signal ?? `exit code ${code}`})`
      const drained = clock.setTimeout(() => this.#end(how), DRAIN_MS)
      child.once('close', () => {
        drained.cancel()
        this.#end(how)
      })
    })
  }

  #line(line: Buffer): void {
    if (this.#isOver) return
    // Many servers greet on stdout against the rules; what does not even begin like a message is only logged.
    const isBatch = line[0] === OPENING_BRACKET && this.#options.isBatching()
    if (line[0] !== OPENING_BRACE && !isBatch) return this.#log.line(line)
    let messages: readonly Message[]
    try {
      messages = readMessages(line, isBatch)
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error
      return this.#options.onMalformed(error, line)
    }
    for (const message of messages) this.#options.onMessage(message)
  }

  /** The leader is gone: so goes what it started. Only then may its group's id be forgotten. */
  #bury(): void {
    this.#signal('SIGKILL')
    if (this.#child.pid !== undefined) this.#options.orphans.remove(this.#child.pid)
    this.#gone.resolve()
  }

  #break(why: string, code: 'upstream_unavailable' | 'upstream_invalid'): void {
    this.#end(why, code)
    this.#signal('SIGKILL')
  }

  #end(why: string, code: 'upstream_unavailable' | 'upstream_invalid' = 'upstream_unavailable'): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.onEnd(new ParleyError(code, `The server's process ${why}.`))
  }

  /** To the whole process group, so that what the child started goes with it. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // macOS answers EPERM for a group that consists of zombies.
      if (code !== 'ESRCH' && code !== 'EPERM') throw error
    }
  }
}
