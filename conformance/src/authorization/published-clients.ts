import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { runToEnd } from '../process/run-to-end.ts'
import type { CaughtBrowser } from './catch-browser.ts'

const limitMs = 90_000
const { resolve } = createRequire(import.meta.url)

/** A published program that gets its own token: whatever it is asked first opens a browser. */
export interface PublishedClient {
  readonly name: string
  start(url: string, home: CaughtBrowser): Promise<StartedClient>
}

/** Each answers with what the program said. @throws Error when the program failed. */
export interface StartedClient extends AsyncDisposable {
  list(): Promise<string>
  call(tool: string): Promise<string>
}

export const publishedClients: PublishedClient[] = [
  { name: 'mcp-remote', start: startMcpRemote },
  { name: 'mcporter', start: startMcporter },
  { name: 'inspector --cli', start: startInspector },
]

/** One process, which a desktop application starts and speaks to over stdio. */
async function startMcpRemote(url: string, home: CaughtBrowser): Promise<StartedClient> {
  const script = join(dirname(resolve('mcp-remote/package.json')), 'dist', 'proxy.js')
  const open = once(async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [script, url, '--allow-http', '--transport', 'http-only', '--auth-timeout', '90'],
      env: { ...(home.env as Record<string, string>), MCP_REMOTE_CONFIG_DIR: home.directory },
      stderr: 'ignore',
    })
    const client = new Client({ name: 'desktop', version: '1' })
    await client.connect(transport, { timeout: limitMs })
    return client
  })
  return {
    list: async () => JSON.stringify(await (await open()).listTools()),
    call: async (name) => JSON.stringify(await (await open()).callTool({ name })),
    async [Symbol.asyncDispose]() {
      await (await open()).close()
    },
  }
}

/** A process for each command; tokens stay in its home. */
async function startMcporter(url: string, { env }: CaughtBrowser): Promise<StartedClient> {
  const script = fileURLToPath(import.meta.resolve('mcporter/cli'))
  const run = (...args: string[]) => runWell([script, ...args, '--allow-http'], env)
  const signIn = once(() => run('auth', url))
  return {
    async list() {
      await signIn()
      return run('list', url, '--schema')
    },
    call: (tool) => run('call', `${url}.${tool}`),
    [Symbol.asyncDispose]: async () => {},
  }
}

async function startInspector(url: string, home: CaughtBrowser): Promise<StartedClient> {
  const manifest = resolve('@modelcontextprotocol/inspector/package.json')
  const script = join(dirname(manifest), 'clients', 'launcher', 'build', 'index.js')
  const env = { ...home.env, MCP_INSPECTOR_SECRET_STORE: 'file' }
  const common = ['--cli', url, '--transport', 'http', '--callback-url', 'http://127.0.0.1:0/oauth/callback']
  const run = (...args: string[]) => runWell([script, ...common, '--format', 'json', ...args], env)
  return {
    list: () => run('--method', 'tools/list'),
    call: (tool) => run('--method', 'tools/call', '--tool-name', tool),
    [Symbol.asyncDispose]: async () => {},
  }
}

async function runWell(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { exitCode, stdout, stderr } = await runToEnd(process.execPath, args, { limitMs, env })
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${(stderr || stdout).slice(-400)}`)
  return stdout
}

function once<result>(run: () => Promise<result>): () => Promise<result> {
  let running: Promise<result> | undefined
  return () => (running ??= run())
}
