import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { EXAMPLE_PACKAGES, findExampleServer, type ExampleName } from '../find-example-server.ts'
import { openHubClient, type HubClient } from '../hub-client.ts'
import { LoginStore } from '../login/login-store.ts'

export interface ThrowAwayHub extends AsyncDisposable {
  /** With the administrator's first key. */
  readonly client: HubClient
  /** Makes the first account. */
  readonly setupLink: string
  /** Where an app of the tour keeps its tokens. */
  readonly logins: LoginStore
  /** The same hub, for whoever is signed in by `logins`. */
  signedIn(): HubClient
  /** The one folder that the server "files" may read. */
  readonly folder: string
  /** A file beside it, out of its reach. */
  readonly secret: string
}

const READY_LIMIT_MS = 60_000
const POLL_MS = 50

/** A hub on a free loopback port with the filesystem and memory servers, which leaves nothing behind. */
export async function startThrowAwayHub(directory: string): Promise<ThrowAwayHub> {
  const scripts = { filesystem: scriptOf('filesystem', directory), memory: scriptOf('memory', directory) }
  const home = mkdtempSync(join(realpathSync(tmpdir()), 'parley-tour-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(home, { recursive: true, force: true }))
  const folder = join(home, 'shared')
  const secret = join(home, 'secret.txt')
  mkdirSync(folder)
  writeFileSync(join(folder, 'notes.txt'), 'Ada Lovelace wrote the first program in 1843.\n')
  writeFileSync(secret, 'not for apps\n')
  writeFileSync(join(home, 'parley.yaml'), describeServers(scripts, { folder, home }), { mode: 0o600 })
  const { loadConfig, readEnv, startHub } = await import('@parley/server')
  const flags = {
    config: join(home, 'parley.yaml'),
    port: '0',
    host: '127.0.0.1',
    dataDir: join(home, 'data'),
  }
  const environment = readEnv({})
  const config = loadConfig({ flags, environment, workingDirectory: home })
  const log: string[] = []
  const hub = stack.use(
    await startHub(config, environment, (message, detail) =>
      log.push(`${message} ${JSON.stringify(detail)}`),
    ),
  )
  const logins = new LoginStore(join(home, 'logins'))
  const open = () => openHubClient(config.dataDir, logins)
  const client = open()
  await untilReady(client, log)
  const owned = stack.move()
  return {
    client,
    setupLink: hub.setupLink!,
    logins,
    signedIn: open,
    folder,
    secret,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function scriptOf(name: ExampleName, directory: string): { script: string; pin: string } {
  const found = findExampleServer(name, directory)
  if (found) return found
  throw new CliError(`The tour needs the ${name} server, which is not installed.`, {
    code: 'not_installed',
    hint: `npm install -E ${Object.values(EXAMPLE_PACKAGES).join(' ')}`,
  })
}

/** JSON is YAML. Node is named by its path, since the search path may have another one or none. */
function describeServers(
  scripts: Readonly<Record<ExampleName, { script: string; pin: string }>>,
  { folder, home }: { folder: string; home: string },
): string {
  const { filesystem, memory } = scripts
  const servers = {
    files: { command: process.execPath, args: [filesystem.script, folder], package: filesystem.pin },
    memory: {
      command: process.execPath,
      args: [memory.script],
      package: memory.pin,
      env: { MEMORY_FILE_PATH: join(home, 'memory.jsonl') },
    },
  }
  return JSON.stringify({ servers }, null, 2)
}

async function untilReady(client: HubClient, log: readonly string[]): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS
  while (performance.now() < deadline) {
    const { servers } = (await client.api('GET', '/api/servers')) as { servers: { health: string }[] }
    if (servers.every(({ health }) => health === 'ready')) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new CliError(`The example servers did not start: ${log.slice(-3).join('; ')}`, { code: 'not_ready' })
}
