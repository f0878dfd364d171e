import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startUntilReady } from '../process/start-until-ready.ts'

const cliScript = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
const upstreamLimitMs = 30_000

export type HubServer =
  | { url: string }
  | { command: string; args?: string[]; env?: Record<string, string>; package?: string }

export interface Hub {
  /** Origin, such as `http://localhost:4747`. */
  url: string
  key: string
  /** Makes the first administrator. */
  setupLink: string
  /** The address of one server's own, transparent endpoint. */
  endpoint: (server: string) => string
  errors: () => string
  /** Ends the hub and removes its directory. */
  stop: () => Promise<void>
}

export interface HubOptions {
  /** More of parley.yaml. */
  settings?: object
  /** Whether to wait until the hub has read all its servers; it does by default. */
  isAwaited?: boolean
}

/** Starts a hub as a user would, in a directory of its own. */
export async function startHub(servers: Record<string, HubServer>, options: HubOptions = {}): Promise<Hub> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-conformance-'))
  try {
    return await startHubIn(directory, servers, options)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function startHubIn(
  directory: string,
  servers: Record<string, HubServer>,
  { settings, isAwaited = true }: HubOptions,
): Promise<Hub> {
  const configFile = join(directory, 'parley.yaml')
  const dataDirectory = join(directory, 'data')
  const limits = { requestsPerSecond: 5000, drainMs: 2000 }
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify({ servers, limits, ...settings }))

  const started = await startUntilReady(
    [cliScript, 'serve', '--config', configFile, '--port', '0', '--data-dir', dataDirectory, '--json'],
    { env: { PATH: process.env.PATH, HOME: process.env.HOME } },
  )
  const credentials: { url: string; key: string } = JSON.parse(
    await readFile(join(dataDirectory, 'credentials.json'), 'utf8'),
  )
  const hub: Hub = {
    url: String(started.ready.url),
    key: credentials.key,
    setupLink: String(started.ready.setupLink),
    endpoint: (server) => `${String(started.ready.url)}/mcp/servers/${server}`,
    errors: started.errors,
    async stop() {
      await started.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  if (!isAwaited) return hub
  try {
    await waitForServers(hub, Object.keys(servers))
  } catch (error) {
    await started.stop()
    throw error
  }
  return hub
}

/** @throws Error naming the servers that are not ready after 30 s, with the hub's log. */
async function waitForServers(hub: Hub, names: string[]): Promise<void> {
  const deadline = Date.now() + upstreamLimitMs
  for (;;) {
    const response = await fetch(`${hub.url}/api/servers`, {
      headers: { authorization: `Bearer ${hub.key}` },
    })
    const body = await response.text()
    if (!response.ok) throw new Error(`The hub answered ${response.status} to GET /api/servers: ${body}`)
    const listed: { servers: Array<{ name: string; health: string; lastError: string | null }> } =
      JSON.parse(body)
    const waiting = names.filter(
      (name) => !listed.servers.some((server) => server.name === name && server.health === 'ready'),
    )
    if (waiting.length === 0) return
    if (Date.now() > deadline) {
      const states = JSON.stringify(listed.servers)
      throw new Error(`Servers not ready: ${waiting.join(', ')}\n${states}\n${hub.errors()}`)
    }
    await sleep(100)
  }
}
