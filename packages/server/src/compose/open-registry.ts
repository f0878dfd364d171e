import { childEnvironment, type Config, type Environment } from '../config/index.ts'
import type { Egress } from '../egress/index.ts'
import { createRegistry, type ManagedRegistry, type ServerTarget } from '../registry/index.ts'
import { createUpstream, type Credential, type UpstreamTarget } from '../upstream/index.ts'
import type { Vault } from '../vault/index.ts'
import type { House } from './house.ts'

interface Ways {
  readonly egress: Egress
  readonly environment: Environment
  /** A token in the hub's own name for a server that trusts the hub. */
  readonly hubTokenFor: (url: string) => () => string
  readonly vault: Vault
}

export function openRegistry(house: House, ways: Ways): Promise<ManagedRegistry> {
  const { config, clock, log } = house
  const { limits } = config
  return createRegistry({
    ...house,
    vault: ways.vault,
    content: config.content,
    declared: config.servers.map((server) => ({
      name: server.name,
      target: toTarget(server),
      content: server.content,
    })),
    connect: ({ id, name, target }, mirrored) =>
      createUpstream({
        name,
        target: reach({ id, name, target }, { ...ways, config }),
        limits: {
          resultBytes: limits.upstreamResponseBytes,
          timeoutMs: limits.upstreamTimeoutMs,
          sessions: limits.sessionsPerServer,
        },
        clock,
        mirrored,
        report: (what) => log('a server broke the protocol', { server: name, what }),
        onLog: (line) => log('server says', { server: name, line }),
      }),
  })
}

function toTarget(server: Config['servers'][number]): ServerTarget {
  if (server.transport === 'http') return { transport: 'http', url: server.url }
  return {
    transport: 'stdio',
    command: server.realCommand,
    args: server.args,
    package: server.package ?? null,
  }
}

/** The way to a server. Only what an administrator typed, here or in the file, gets an allowance. */
function reach(
  { id, name, target }: { id: string; name: string; target: ServerTarget },
  ways: Ways & { readonly config: Config },
): UpstreamTarget {
  const { config, environment, egress, vault } = ways
  const declared = config.servers.find((server) => server.name === name)
  if (target.transport === 'http') {
    const allowance = egress.allow(target.url, `server ${name}`)
    const outlet = egress.open({ purpose: 'upstream', url: target.url, allowance })
    // A server that is removed takes its allowance with it.
    const destroy = () => outlet.destroy().finally(() => egress.disallow(allowance))
    // Only the file can say that a server may be told who calls, and only for the address it says.
    const trustsHub = declared?.transport === 'http' && declared.url === target.url && declared.hopTokens
    const token = ways.hubTokenFor(target.url)
    const credential: Credential = () => {
      const headers = vault.shared(id)?.headers()
      return trustsHub ? { ...headers, authorization: `Bearer ${token()}` } : (headers ?? {})
    }
    return { kind: 'http', url: target.url, outlet: { ...outlet, destroy }, credential, trustsHub }
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
