import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Json } from '../evil/evil-state.ts'
import { send, type HttpRequest, type Reply, type Target } from './http.ts'

export interface HubOptions {
  /** What stands in `parley.yaml`; JSON is YAML. */
  readonly config?: Json
  /** The text of `parley.yaml` itself, for configurations that are wrong as text. */
  readonly configText?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** An existing data directory, to start again on what an earlier hub left. */
  readonly dataDir?: string
  readonly timeoutMs?: number
  /** The file that starts the hub. */
  readonly entry?: string
  /** The port of the hub that ran before, so that it is the same issuer again. */
  readonly port?: number
  /** Its clock goes as `setClock` says. */
  readonly isClockMovable?: boolean
}

/** A hub running as a process of its own. Extends the target, so it can be sent to. */
export interface Hub extends Target {
  readonly url: string
  readonly pid: number
  readonly dataDir: string
  /** By which the first administrator takes their account; undefined once there is one. */
  readonly setupLink: string | undefined
  readonly child: ChildProcess
  /** Everything it wrote to stdout and stderr so far. */
  log(): string
  isAlive(): boolean
  send(request: HttpRequest): Promise<Reply>
  api(method: string, path: string, body?: unknown): Promise<Reply>
  /** Sets its wall clock so far from the machine's; for one that was started with a movable clock. */
  setClock(offsetMs: number): Promise<void>
  /** Resolves with the exit code, or the signal's name, once it has ended. */
  readonly exited: Promise<number | string>
  /** SIGTERM, and SIGKILL after `limitMs`; removes the data directory when the launcher made it. */
  stop(limitMs?: number): Promise<number | string>
}

export interface FailedStart {
  readonly code: number | string
  readonly output: string
}

const MOVABLE_CLOCK = resolve(import.meta.dirname, 'movable-clock.ts')

export const DEFAULT_HUB_ENTRY: string = resolve(import.meta.dirname, '../../../packages/cli/src/main.ts')

/** Starts a hub on a free port and waits for its ready line. Rejects with what it printed when it ends before that. */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  const started = launch(options)
  const ready = await Promise.race([started.ready, started.exited, after(options.timeoutMs ?? 20_000)])
  if (typeof ready !== 'object') {
    started.child.kill('SIGKILL')
    started.cleanUp()
    throw new Error(`the hub did not become ready (${ready}):\n${started.log()}`)
  }
  const port = Number(new URL(ready.url).port)
  const { key } = JSON.parse(readFileSync(join(started.dataDir, 'credentials.json'), 'utf8')) as {
    key: string
  }
  const target: Target = { port, key }
  return {
    ...target,
    url: ready.url,
    pid: started.child.pid ?? 0,
    dataDir: started.dataDir,
    setupLink: ready.setupLink ?? undefined,
    child: started.child,
    log: started.log,
    isAlive: () => started.child.exitCode === null && started.child.signalCode === null,
    send: (request) => send(target, request),
    api: (method, path, body) => send(target, apiRequest(method, path, body)),
    setClock: (offsetMs) => setClock(started.child, offsetMs),
    exited: started.exited,
    stop: async (limitMs = 5000) => {
      started.child.kill('SIGTERM')
      const timer = setTimeout(() => started.child.kill('SIGKILL'), limitMs)
      const code = await started.exited
      clearTimeout(timer)
      started.cleanUp()
      return code
    },
  }
}

/** Starts a hub that must refuse to start; rejects when it becomes ready instead. */
export async function expectNoStart(options: HubOptions): Promise<FailedStart> {
  const started = launch(options)
  const outcome = await Promise.race([started.ready, started.exited, after(options.timeoutMs ?? 20_000)])
  if (typeof outcome === 'object' || outcome === 'timeout') started.child.kill('SIGKILL')
  await started.exited
  started.cleanUp()
  if (typeof outcome === 'object') throw new Error('the hub started although it had to refuse')
  return { code: outcome, output: started.log() }
}

function apiRequest(method: string, path: string, body: unknown): HttpRequest {
  const headers = [
    'Accept',
    'application/json',
    ...(method === 'GET' ? [] : ['Content-Type', 'application/json']),
  ]
  return { method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

function launch(options: HubOptions) {
  const home = mkdtempSync(join(tmpdir(), 'parley-faults-'))
  const dataDir = options.dataDir ?? join(home, 'data')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const configFile = join(home, 'parley.yaml')
  writeFileSync(configFile, options.configText ?? JSON.stringify(options.config ?? {}))
  const args = [
    options.entry ?? DEFAULT_HUB_ENTRY,
    'serve',
    '--config',
    configFile,
    '--port',
    String(options.port ?? 0),
    '--data-dir',
    dataDir,
    '--json',
  ]
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, ...options.env }
  const preload = options.isClockMovable ? ['--import', MOVABLE_CLOCK] : []
  const child = spawn(process.execPath, [...preload, ...args, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe', ...(options.isClockMovable ? (['ipc'] as const) : [])],
    env,
  })
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('the hub was started without its outputs')
  // A rig that dies must not leave its hub behind.
  const killWithRig = (): void => void child.kill('SIGKILL')
  process.on('exit', killWithRig)
  child.on('exit', () => process.off('exit', killWithRig))
  const lines: string[] = []
  let keep = 0
  function collect(text: string): void {
    keep += text.length
    if (keep < 20_000_000) lines.push(text)
  }
  stderr.on('data', (chunk: Buffer) => collect(chunk.toString('utf8')))
  const ready = new Promise<ReadyEvent>((resolveReady) => {
    createInterface({ input: stdout }).on('line', (line) => {
      collect(`${line}\n`)
      const event = readEvent(line)
      if (event) resolveReady(event)
    })
  })
  const exited = new Promise<number | string>((resolveExit) => {
    child.on('exit', (code, signal) => resolveExit(code ?? signal ?? 'unknown'))
    child.on('error', (error) => resolveExit(error.message))
  })
  return {
    child,
    dataDir,
    ready,
    exited,
    log: () => lines.join(''),
    cleanUp: () => rmSync(home, { recursive: true, force: true }),
  }
}

async function setClock(child: ChildProcess, offsetMs: number): Promise<void> {
  const taken = once(child, 'message')
  child.send(offsetMs)
  await taken
}

interface ReadyEvent {
  readonly url: string
  readonly setupLink?: string | null
}

function readEvent(line: string): ReadyEvent | undefined {
  if (!line.startsWith('{')) return undefined
  const event = JSON.parse(line) as { event?: string } & Partial<ReadyEvent>
  if (event.event !== 'ready' || typeof event.url !== 'string') return undefined
  return { url: event.url, setupLink: event.setupLink ?? null }
}

function after(milliseconds: number): Promise<'timeout'> {
  return new Promise((resolveTimer) => setTimeout(() => resolveTimer('timeout'), milliseconds).unref())
}
