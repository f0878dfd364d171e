import { spawn, type ChildProcess } from 'node:child_process'
import { ParleyError } from '@parley/contract'
import type { Message } from '../lib/json-rpc.ts'
import { readMessage } from './message-reader.ts'

export interface StdioTarget {
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the child, resolved when it starts. */
  readonly environment: () => Readonly<Record<string, string>>
  readonly cwd: string
}

export interface ChildEvents {
  onMessage(message: Message): void
  /** Called once, when the process is gone or unusable. */
  onExit(error: ParleyError): void
  onLog(line: string): void
}

const KILL_AFTER_MS = 2000
const LINE_FEED = 0x0a
const MAX_LOG_LINE = 2000

/** An upstream's process: argv without a shell, its own process group, one JSON message per line. */
export class StdioChild {
  readonly #child: ChildProcess
  readonly #events: ChildEvents
  readonly #limitBytes: number
  #held: Buffer[] = []
  #heldBytes = 0
  #over = false

  constructor(target: StdioTarget, limitBytes: number, events: ChildEvents) {
    this.#events = events
    this.#limitBytes = limitBytes
    this.#child = spawn(target.command, [...target.args], {
      cwd: target.cwd,
      env: target.environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      shell: false,
      windowsHide: true,
    })
    this.#child.once('error', (error) =>
      this.#end(`could not be started (${(error as NodeJS.ErrnoException).code ?? 'error'})`),
    )
    this.#child.once('exit', (code, signal) => this.#end(`ended (${signal ?? `exit code ${code}`})`))
    this.#child.stdin?.on('error', () => this.#end('closed its input'))
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#log(chunk))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  send(message: object): void {
    if (this.#over) throw new ParleyError('upstream_unavailable', "The server's process has ended.")
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`)
  }

  /** Closes the input, then asks, then forces (MCP, stdio, Shutdown); resolves when the process is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined)
      return
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#over = true
    this.#child.stdin?.end()
    const ask = setTimeout(() => this.#signal('SIGTERM'), KILL_AFTER_MS / 4)
    const force = setTimeout(() => this.#signal('SIGKILL'), KILL_AFTER_MS)
    await gone
    clearTimeout(ask)
    clearTimeout(force)
    this.#signal('SIGKILL')
  }

  /** To the whole process group, so that what the child started goes with it. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  #read(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0 && !this.#over; end = chunk.indexOf(LINE_FEED, start)) {
      this.#line(
        this.#heldBytes === 0
          ? chunk.subarray(start, end)
          : Buffer.concat([...this.#held, chunk.subarray(start, end)]),
      )
      this.#held = []
      this.#heldBytes = 0
      start = end + 1
    }
    if (start >= chunk.length || this.#over) return
    this.#held.push(chunk.subarray(start))
    this.#heldBytes += chunk.length - start
    if (this.#heldBytes > this.#limitBytes)
      this.#break(`sent a message of more than ${this.#limitBytes} bytes`)
  }

  #line(line: Buffer): void {
    const text = line.at(-1) === 0x0d ? line.subarray(0, -1) : line
    if (text.length === 0) return
    // Many servers greet on stdout against the rules; what does not even begin like a message is only logged.
    if (text[0] !== 0x7b) return this.#log(text)
    try {
      this.#events.onMessage(readMessage(Buffer.from(text)))
    } catch (error) {
      this.#break(error instanceof ParleyError ? error.message : 'sent something unreadable')
    }
  }

  #log(chunk: Buffer): void {
    for (const line of chunk.toString('utf8').split('\n'))
      if (line.trim() !== '') this.#events.onLog(line.slice(0, MAX_LOG_LINE))
  }

  #break(why: string): void {
    this.#end(why, 'upstream_invalid')
    this.#signal('SIGKILL')
  }

  #end(why: string, code: 'upstream_unavailable' | 'upstream_invalid' = 'upstream_unavailable'): void {
    if (this.#over) return
    this.#over = true
    this.#events.onExit(new ParleyError(code, `The server's process ${why}.`))
  }
}
