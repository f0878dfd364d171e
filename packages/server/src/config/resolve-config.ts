import { dirname, join, resolve } from 'node:path'
import { findBundleFault } from '@parley/contract'
import { checkListen, isLoopbackHost } from './check-listen.ts'
import type { Contradiction } from './check-listen.ts'
import { ConfigError } from './config-error.ts'
import type { FileConfig } from './config-schema.ts'
import type { Config, Limits, ListenConfig, MasterKeyConfig, ServerConfig } from './config.ts'
import { findConfusableName } from './find-confusable-name.ts'
import type { LoadedFile } from './load-file.ts'
import type { Environment } from './read-env.ts'
import { readAuthorities } from './read-authorities.ts'
import { resolveAgents } from './resolve-agents.ts'
import { resolveServer } from './resolve-server.ts'

/** What the command line says; it wins over the environment and the file. */
export interface Flags {
  readonly config?: string | undefined
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly grpcPort?: string | undefined
  readonly dataDir?: string | undefined
  readonly only?: string | undefined
}

export interface ConfigSources {
  readonly flags: Flags
  readonly environment: Environment
  readonly loaded: LoadedFile
  /** Absolute path of the file behind `loaded`; undefined without one. */
  readonly file: string | undefined
  /** What relative paths of flags and environment start from. */
  readonly workingDirectory: string
}

const DEFAULT_DATA_DIR = '.parley'

/**
 * One frozen configuration from flags, environment and file.
 * @throws ConfigError with every contradiction found.
 */
export function resolveConfig(sources: ConfigSources): Config {
  const { flags, environment, loaded, file, workingDirectory } = sources
  const { settings } = loaded
  const port = readPort(flags.port ?? environment.port) ?? settings.listen.port
  const grpcPort = readGrpcPort(flags.grpcPort ?? environment.grpcPort) ?? settings.listen.grpcPort
  const listen: ListenConfig = Object.freeze({
    host: flags.host ?? environment.host ?? settings.listen.host,
    port,
    grpcPort: grpcPort === 'off' ? undefined : (grpcPort ?? portAfter(port)),
    isGrpcPortSet: grpcPort !== undefined,
    publicGrpc: settings.listen.publicGrpc,
    publicUrl: settings.listen.publicUrl,
    trustedProxy: settings.listen.trustedProxy,
    allowedHosts: Object.freeze([...settings.listen.allowedHosts]),
    allowedOrigins: Object.freeze([...settings.listen.allowedOrigins]),
  })
  const directory = file === undefined ? workingDirectory : dirname(file)
  const { servers, problems: wrongServers } = readServers(settings.servers, file ?? workingDirectory)
  const { agents, problems: wrongAgents } = resolveAgents(settings.agents, {
    directory,
    taken: Object.keys(settings.servers),
  })
  const wrong = [...wrongServers, ...wrongAgents]
  const problems = [...checkListen(listen), ...checkLimits(settings.limits), ...wrong]
  problems.push(...checkLoops(servers, listen), ...checkBundles(settings.bundles))
  const authorities = readAuthorities(settings.egress.caFile, directory)
  if (typeof authorities === 'object') problems.push(authorities)
  if (problems.length > 0)
    throw new ConfigError(problems.map(({ path, message }) => loaded.problemAt(path, message)))
  const dataDir = resolve(workingDirectory, flags.dataDir ?? environment.dataDir ?? DEFAULT_DATA_DIR)
  return Object.freeze({
    file,
    dataDir,
    masterKey: resolveMasterKey(settings.masterKey, { directory, dataDir }),
    listen,
    servers: Object.freeze(servers),
    agents,
    apps: Object.freeze(
      Object.entries(settings.apps).map(([clientId, { name, redirectUris }]) =>
        Object.freeze({ clientId, name: name ?? clientId, redirectUris: Object.freeze([...redirectUris]) }),
      ),
    ),
    resources: Object.freeze(
      Object.entries(settings.resources).map(([name, { url, scopes }]) =>
        Object.freeze({ name, resource: url, scopes: Object.freeze({ ...scopes }) }),
      ),
    ),
    bundles: Object.freeze(
      Object.entries(settings.bundles).map(([name, terms]) => Object.freeze({ name, terms })),
    ),
    content: Object.freeze(settings.content),
    toolSearch: Object.freeze(settings.toolSearch),
    only: readOnly(flags.only) ?? settings.only,
    identity: Object.freeze({ ...settings.identity }),
    connections: Object.freeze({ clientMetadataUrl: undefined, ...settings.connections }),
    egress: Object.freeze({ ca: typeof authorities === 'string' ? authorities : undefined }),
    webhooks: Object.freeze({ ...settings.webhooks }),
    limits: Object.freeze({ ...settings.limits }),
    activity: settings.activity,
  })
}

function readServers(
  entries: FileConfig['servers'],
  file: string,
): { readonly servers: ServerConfig[]; readonly problems: Contradiction[] } {
  const servers: ServerConfig[] = []
  const problems: Contradiction[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const confusable = findConfusableName(
      name,
      servers.map((server) => server.name),
    )
    if (confusable) {
      problems.push({
        path: ['servers', name],
        message: `is too easily mistaken for "${confusable}"; choose another name`,
      })
    }
    const resolved = resolveServer(name, entry, file)
    if ('problems' in resolved) problems.push(...resolved.problems)
    else servers.push(resolved.server)
  }
  return { servers, problems }
}

function resolveMasterKey(
  { file, command }: FileConfig['masterKey'],
  { directory, dataDir }: { directory: string; dataDir: string },
): MasterKeyConfig {
  if (!command) {
    const path = file === undefined ? join(dataDir, 'master.key') : resolve(directory, file)
    return Object.freeze({ kind: 'file', file: path })
  }
  const [program = '', ...args] = command
  const isPath = program.includes('/')
  return Object.freeze({
    kind: 'command',
    program: isPath ? resolve(directory, program) : program,
    args: Object.freeze(args),
  })
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new ConfigError([{ path: 'port', message: `"${text}" is no port; write a number from 0 to 65535` }])
}

function readGrpcPort(text: string | undefined): number | 'off' | undefined {
  return text === 'off' ? text : readPort(text)
}

/** Hubs beside each other do not get into each other's way. */
function portAfter(port: number): number | undefined {
  if (port === 0) return 0
  return port < 65_535 ? port + 1 : undefined
}

function readOnly(text: string | undefined): 'identity' | undefined {
  if (text === undefined || text === 'identity') return text
  throw new ConfigError([{ path: 'only', message: `"${text}" cannot run alone; write identity` }])
}

function checkLimits({ headerTimeoutMs, bodyTimeoutMs }: Limits): Contradiction[] {
  if (headerTimeoutMs <= bodyTimeoutMs) return []
  const message = `is ${headerTimeoutMs}, more than limits.bodyTimeoutMs (${bodyTimeoutMs}), which includes it`
  return [{ path: ['limits', 'headerTimeoutMs'], message }]
}

function checkBundles(bundles: FileConfig['bundles']): Contradiction[] {
  return Object.entries(bundles).flatMap(([name, terms]) => {
    const message = findBundleFault(terms)
    return message === undefined ? [] : [{ path: ['bundles', name], message }]
  })
}

/** A server that is the hub itself would call itself without end. Egress refuses it too; here the mistake has a line. */
function checkLoops(servers: readonly ServerConfig[], listen: ListenConfig): Contradiction[] {
  const found: Contradiction[] = []
  for (const server of servers) {
    if (server.transport === 'stdio') continue
    const url = new URL(server.url)
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    const isOwn = isLoopbackHost(url.hostname) ? port === listen.port : url.origin === listen.publicUrl
    if (!isOwn) continue
    found.push({
      path: ['servers', server.name, 'url'],
      message: 'is Parley itself; write the address of another server',
    })
  }
  return found
}
