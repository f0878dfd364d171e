import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, readEnv } from '../src/config/index.ts'
import { startHub, type Hub } from '../src/index.ts'

export interface TestHub extends AsyncDisposable {
  readonly hub: Hub
  readonly url: string
  readonly dataDir: string
  /** Where its parley.yaml is. */
  readonly directory: string
  readonly key: string
  readonly headers: { readonly Authorization: string }
  readonly logs: string[]
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>
}

/** The real hub on a free loopback port with a data directory of its own; `yaml` is its parley.yaml, `files` stand by it. */
export async function startTestHub(
  yaml = '',
  options: { dataDir?: string; port?: number; files?: Readonly<Record<string, string>> } = {},
): Promise<TestHub> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-hub-'))
  const file = join(directory, 'parley.yaml')
  writeFileSync(file, yaml, { mode: 0o600 })
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), text)
  const dataDir = options.dataDir ?? join(directory, 'data')
  const environment = readEnv({ PATH: process.env['PATH'] })
  const flags = { config: file, host: undefined, port: String(options.port ?? 0), dataDir }
  const logs: string[] = []
  const config = loadConfig({ flags, environment, workingDirectory: directory })
  const log = (message: string, detail: object) => void logs.push(`${message} ${JSON.stringify(detail)}`)
  const hub = await startAgain(() => startHub(config, environment, log))
  // A hub whose first key was retired keeps none.
  const credentials = join(dataDir, 'credentials.json')
  const { key } = existsSync(credentials)
    ? (JSON.parse(readFileSync(credentials, 'utf8')) as { key: string })
    : { key: '' }
  const headers = { Authorization: `Bearer ${key}` }
  return {
    hub,
    url: hub.url,
    dataDir,
    directory,
    key,
    headers,
    logs,
    async api(method, path, body) {
      const response = await fetch(hub.url + path, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json() }
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Asks again until it holds; the test's own time limit ends it. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}

const ATTEMPTS = 50

/** A port that a hub has just given back may be the source of somebody's connection for a moment. */
async function startAgain(start: () => Promise<Hub>): Promise<Hub> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isTaken || attempt === ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
