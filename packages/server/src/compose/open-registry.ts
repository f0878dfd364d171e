import { childEnvironment, type Config, type Environment } from '../config/index.ts'
import type { ManagedDirectory } from '../directory/index.ts'
import type { Egress, Outlet } from '../egress/index.ts'
import {
  createRegistry,
  type ConnectedServer,
  type ManagedRegistry,
  type RegistryOptions,
  type ServerTarget,
} from '../registry/index.ts'
import { createUpstream, type Credential, type UpstreamTarget } from '../upstream/index.ts'
import type { Vault } from '../vault/index.ts'
import type { House } from './house.ts'
import { openDocuments, type Documents } from './open-documents.ts'

interface Ways {
  readonly egress: Egress
  readonly environment: Environment
  /** A token in the hub's own name for a server that trusts the hub. */
  readonly hubTokenFor: (url: string) => () => string
  readonly vault: Vault
  readonly onRefused: NonNullable<RegistryOptions['onRefused']>
  readonly agents: Pick<ManagedDirectory, 'agents'>
}

export function openRegistry(house: House, ways: Ways): Promise<ManagedRegistry> {
  const { config, clock, log } = house
  const { limits } = config
  const documents = openDocuments(house)
  return createRegistry({
    ...house,
    vault: ways.vault,
    onRefused: ways.onRefused,
    otherNames: () => ways.agents.agents().map(({ name }) => name),
    keepDocument: documents.keep,
    content: config.content,
    declared: config.servers.map((server) => ({
      name: server.name,
      target: toTarget(server),
      content: server.content,
    })),
    connect: (server, mirrored) =>
      createUpstream({
        name: server.name,
        target: reach(server, { ...ways, config, documents }),
        limits: {
          resultBytes: limits.upstreamResponseBytes,
          timeoutMs: limits.upstreamTimeoutMs,
          sessions: limits.sessionsPerServer,
        },
        clock,
        mirrored,
        report: (what) => log('a server broke the protocol', { server: server.name, what }),
        onLog: (line) => log('server says', { server: server.name, line }),
      }),
  })
}

function toTarget(server: Config['servers'][number]): ServerTarget {
  if (server.transport === 'http') return { transport: 'http', url: server.url }
  if (server.transport === 'openapi') {
    const { url, document, selection } = server
    return { transport: 'openapi', url, document, selection }
  }
  return {
    transport: 'stdio',
    command: server.realCommand,
    args: server.args,
    package: server.package ?? null,
  }
}

interface Reach extends Ways {
  readonly config: Config
  readonly documents: Documents
}

/** The way to a server. Only what an administrator typed, here or in the file, gets an allowance. */
function reach(server: ConnectedServer, ways: Reach): UpstreamTarget {
  const { id, name, target } = server
  const { config, environment, vault } = ways
  const declared = config.servers.find((one) => one.name === name)
  if (target.transport !== 'stdio') {
    // Only the file can say that a server may be told who calls, and only for the address it says.
    const trustsHub = isHttp(declared) && declared.url === target.url && declared.hopTokens
    const token = ways.hubTokenFor(target.url)
    const credential: Credential = () => {
      const headers = vault.shared(id)?.headers()
      return trustsHub ? { ...headers, authorization: `Bearer ${token()}` } : (headers ?? {})
    }
    const outlet = openOutlet(ways.egress, { url: target.url, purpose: 'upstream', name })
    if (target.transport === 'http') return { kind: 'http', url: target.url, outlet, credential, trustsHub }
    // What the file selects may change without that anything else does.
    const { selection } = declared?.transport === 'openapi' ? declared : target
    const source = ways.documents.source(server, target.document, (url, purpose) =>
      openOutlet(ways.egress, { url, purpose, name }),
    )
    const { translate } = ways.documents
    return { kind: 'openapi', url: target.url, outlet, source, translate, selection, credential, trustsHub }
  }
  if (declared?.transport !== 'stdio')
    throw new Error(`stdio server ${name} is not in the configuration file`)
  return {
    kind: 'stdio',
    process: {
      command: declared.command,
      args: declared.args,
      cwd: declared.cwd,
      environment: () => childEnvironment(declared, environment, config.dataDir),
    },
  }
}

function isHttp(declared: Config['servers'][number] | undefined) {
  return declared !== undefined && declared.transport !== 'stdio'
}

/** A server that is removed takes its allowance with it. */
function openOutlet(
  egress: Egress,
  { url, purpose, name }: { url: string; purpose: Parameters<Egress['open']>[0]['purpose']; name: string },
): Outlet {
  const allowance = egress.allow(url, `server ${name}`)
  const outlet = egress.open({ purpose, url, allowance })
  return { ...outlet, destroy: () => outlet.destroy().finally(() => egress.disallow(allowance)) }
}
