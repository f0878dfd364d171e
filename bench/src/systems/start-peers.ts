import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { BENCH_DIR } from '../kit/bench-dir.ts'
import { findFreePort } from '../kit/find-free-port.ts'
import { openSession } from '../kit/open-session.ts'
import { waitForPort } from '../kit/wait-for-port.ts'
import { startProcess } from '../kit/start-process.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { legacyCall, plainPost } from '../load/requests.ts'
import type { Leg, System } from './system.ts'
import type { Upstream } from './start-upstream.ts'

const PEERS_DIR: string = resolve(BENCH_DIR, 'peers')
/** What mcp-hub and the passthrough server speak at their best. */
const LEGACY = '2025-06-18'

/** Installs the other gateways at exactly the versions of their own lockfile, once. */
export function installPeers(): void {
  if (existsSync(join(PEERS_DIR, 'node_modules/supergateway'))) return
  console.log('installing the npm peers into bench/peers …')
  const run = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: PEERS_DIR, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`npm ci in ${PEERS_DIR} failed:\n${run.stderr}`)
}

/** mcp-hub: no MCP endpoint over plain HTTP, its fastest way to a tool is its REST call. No key, no checks. */
export async function startMcpHub(core: number, upstream: Upstream): Promise<Leg> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-mcp-hub-'))
  const config = join(directory, 'config.json')
  writeFileSync(config, JSON.stringify({ mcpServers: { cheap: { url: upstreamUrl(upstream) } } }))
  const port = await findFreePort()
  const system = await startPeer({
    args: ['mcp-hub/dist/cli.js', '--port', String(port), '--config', config],
    core,
    port,
    env: { XDG_CONFIG_HOME: directory, XDG_STATE_HOME: directory, XDG_DATA_HOME: directory },
    directory,
  })
  const request = plainPost('/api/servers/tools', {
    server_name: 'cheap',
    tool: 'echo',
    arguments: { text: 'hello' },
  })
  return ready({ name: 'mcp-hub 4.2.1 (REST call)', system, request })
}

/** @civic/passthrough-mcp-server: MCP to MCP, 2025 sessions, no key. */
export async function startCivic(core: number, upstream: Upstream): Promise<Leg> {
  const port = await findFreePort()
  const system = await startPeer({
    args: ['@civic/passthrough-mcp-server/dist/cli.js'],
    core,
    port,
    env: {
      PORT: String(port),
      TARGET_SERVER_URL: `http://127.0.0.1:${upstream.port}`,
      SOURCE_SERVER_MCP_PATH: '/mcp',
      TARGET_SERVER_MCP_PATH: upstream.path('legacy'),
      TARGET_SERVER_TRANSPORT: 'httpStream',
    },
  })
  return ready({ name: '@civic/passthrough-mcp-server 0.12.1', system, request: await call(port) })
}

/** supergateway: an HTTP front for one stdio server; stateful, or it would spawn a child for each request. */
export async function startSupergateway(core: number, upstream: Upstream): Promise<Leg> {
  const port = await findFreePort()
  const stdio = [
    '--stdio',
    `${upstream.stdioCommand} --stdio`,
    '--outputTransport',
    'streamableHttp',
    '--stateful',
  ]
  const system = await startPeer({
    args: ['supergateway/dist/index.js', ...stdio, '--port', String(port), '--logLevel', 'none'],
    core,
    port,
  })
  return ready({ name: 'supergateway 4.0.0 --stateful (stdio)', system, request: await call(port) })
}

interface PeerOptions {
  readonly args: readonly string[]
  readonly core: number
  readonly port: number
  readonly env?: Readonly<Record<string, string>>
  readonly directory?: string
}

async function startPeer(options: PeerOptions): Promise<System> {
  const started = await startProcess({
    command: process.execPath,
    args: [join(PEERS_DIR, 'node_modules', options.args[0]!), ...options.args.slice(1)],
    core: options.core,
    env: { NODE_ENV: 'production', ...options.env },
  })
  await waitForPort(options.port)
  return {
    pid: started.pid,
    port: options.port,
    [Symbol.asyncDispose]: async () => {
      await started.stop()
      if (options.directory !== undefined) rmSync(options.directory, { recursive: true, force: true })
    },
  }
}

async function ready(leg: Leg): Promise<Leg> {
  await waitUntilRight(leg.system.port, leg.request)
  return leg
}

async function call(port: number) {
  const sessionId = await openSession(`http://127.0.0.1:${port}/mcp`, { version: LEGACY })
  return legacyCall({ path: '/mcp', sessionId, version: LEGACY })
}

function upstreamUrl(upstream: Upstream): string {
  return `http://127.0.0.1:${upstream.port}${upstream.path('legacy')}`
}
