import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ROOT_DIR } from '../kit/bench-dir.ts'
import { openSession } from '../kit/open-session.ts'
import { startProcess } from '../kit/start-process.ts'
import type { CallOptions, RawRequest } from '../load/requests.ts'
import { legacyCall, listen, modernCall } from '../load/requests.ts'
import type { System } from './system.ts'

export interface HubOptions {
  /** As in `parley.yaml`. */
  readonly servers?: Readonly<Record<string, object>>
  readonly core: number
  /** The file that starts it; from source by default. */
  readonly entry?: string
  readonly nodeArgs?: readonly string[]
  /** Beside those that never decide here. */
  readonly limits?: Readonly<Record<string, number>>
  /** Where it keeps its data, and finds what is there; a directory of its own that goes with it when absent. */
  readonly dataDir?: string
}

export interface Hub extends System {
  readonly readyMs: number
  readonly url: string
  /** What an administrator's request carries. */
  readonly administrator: Readonly<Record<string, string>>
  modern(options: CallOptions): RawRequest
  /** Opens a session of its own and calls in it. */
  legacy(options: CallOptions): Promise<RawRequest>
  listen(options: CallOptions): RawRequest
}

const SOURCE_ENTRY: string = resolve(ROOT_DIR, 'packages/cli/src/main.ts')
const LEGACY = '2025-11-25'
/** High enough never to refuse, so that they are counted but do not decide. */
const LIMITS = {
  requestsPerSecond: 1_000_000,
  streams: 20_000,
  streamsPerPrincipal: 20_000,
  upstreamConnections: 10_000,
}

/** Why the hub cannot be measured here, or undefined when it can. */
export function hubIsMissing(entry: string = SOURCE_ENTRY): string | undefined {
  return existsSync(entry) ? undefined : `${entry} is not there`
}

/** Starts a hub with a fresh data directory on one core; `readyMs` counts from the spawn to its ready line. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const home = mkdtempSync(join(tmpdir(), 'parley-bench-hub-'))
  const config = join(home, 'parley.yaml')
  const dataDir = options.dataDir ?? join(home, 'data')
  // JSON is YAML.
  const limits = { ...LIMITS, ...options.limits }
  writeFileSync(config, JSON.stringify({ servers: options.servers ?? {}, limits }))
  const serve = ['serve', '--config', config, '--port', '0', '--data-dir', dataDir, '--json']
  const started = await startProcess({
    command: process.execPath,
    args: [...(options.nodeArgs ?? []), options.entry ?? SOURCE_ENTRY, ...serve],
    core: options.core,
    cwd: home,
    env: { NODE_ENV: 'production' },
    ready: /^\{.*"event":"ready".*\}$/m,
  })
  const { url } = JSON.parse(started.match[0]) as { url: string }
  const { key } = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as { key: string }
  const authorization = { Authorization: `Bearer ${key}` }
  const headers = { Host: new URL(url).host, ...authorization }
  return {
    pid: started.pid,
    port: Number(new URL(url).port),
    readyMs: started.readyMs,
    url,
    administrator: authorization,
    modern: (call) => modernCall({ ...call, headers: { ...headers, ...call.headers } }),
    legacy: async (call) => {
      const sessionId = await openSession(new URL(call.path, url).href, {
        version: LEGACY,
        headers: authorization,
      })
      return legacyCall({ ...call, headers, sessionId, version: LEGACY })
    },
    listen: (call) => listen({ ...call, headers }),
    [Symbol.asyncDispose]: async () => {
      await started.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
