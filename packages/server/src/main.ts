import { parseArgs } from 'node:util'
import { toParleyError } from '@parley/contract'
import { ConfigError, hideEnvironment, loadConfig, readEnv } from './config/index.ts'
import { startHub, type Hub } from './server.ts'

const OPTIONS = {
  config: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'grpc-port': { type: 'string' },
  'data-dir': { type: 'string' },
  only: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** `parley serve`: starts a hub, says where it is, and runs until it is told to stop. Resolves with the exit code. */
export async function runServe(argv: readonly string[]): Promise<number> {
  const startedMs = performance.now()
  const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: true })
  const { config: file, host, port, only } = values
  const flags = { config: file, host, port, only, grpcPort: values['grpc-port'], dataDir: values['data-dir'] }
  const say = (text: string) => void process.stdout.write(`${text}\n`)
  try {
    hideEnvironment()
    const environment = readEnv()
    const config = loadConfig({ flags, environment, workingDirectory: process.cwd() })
    const hub = await startHub(
      config,
      environment,
      (message, detail) =>
        void process.stderr.write(
          `${JSON.stringify({ at: new Date().toISOString(), message, ...detail })}\n`,
        ),
    )
    // Before anyone hears that it is ready: whoever does may stop it at once.
    const stopped = untilStopped(hub)
    const milliseconds = Math.round(performance.now() - startedMs)
    if (values.json)
      say(
        JSON.stringify({
          event: 'ready',
          url: hub.url,
          dataDir: config.dataDir,
          setupLink: hub.setupLink ?? null,
          milliseconds,
        }),
      )
    else say(greeting(hub, config.dataDir, milliseconds))
    return await stopped
  } catch (error) {
    const known = error instanceof ConfigError ? error : toParleyError(error)
    const code = known instanceof ConfigError ? 'config' : known.code
    if (values.json) say(JSON.stringify({ error: { code, message: known.message, hint: null } }))
    else process.stderr.write(`parley: ${known.message}\n`)
    if (known !== error) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return 1
  }
}

/** The first signal drains, the second ends at once. */
async function untilStopped(hub: Hub): Promise<number> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1))
  return (await hub.drain()) ? 0 : 1
}

function greeting(hub: Hub, dataDir: string, milliseconds: number): string {
  const client = { mcpServers: { parley: { type: 'http', url: `${hub.url}/mcp` } } }
  const key = hub.newKey ?? `<the key in ${dataDir}/credentials.json>`
  const setup = `No administrator has an account yet. Open this once, within a day, in your browser:
  ${hub.setupLink}

`
  return `
Parley is ready at ${hub.url} (${milliseconds} ms)
${hub.newKey === undefined ? '' : `\nThe administrator's key, shown this once and kept in ${dataDir}/credentials.json:\n  ${hub.newKey}\n`}
${hub.setupLink === undefined ? '' : setup}For an MCP client, which sends you to the hub to sign in:
${JSON.stringify(client, null, 2)}
For one that cannot, and only on this machine, the header  Authorization: Bearer ${key}

Add a server:   parley servers add NAME http://localhost:3000/mcp
Stop:           Ctrl-C
`
}
