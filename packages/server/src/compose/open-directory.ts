import { createAgentLinks } from '../a2a-client/index.ts'
import type { Clients } from '../clients/index.ts'
import { createDirectory, hostOf, type ManagedDirectory, type OpenLink } from '../directory/index.ts'
import type { Egress, Outlet } from '../egress/index.ts'
import { OWN_AGENT } from '../hub/index.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { House } from './house.ts'

export interface DirectoryRooms {
  readonly egress: Egress
  readonly clients: Pick<Clients, 'agents'>
  readonly registry: Pick<ManagedRegistry, 'servers'>
}

export function openDirectory(
  house: House,
  { egress, clients, registry }: DirectoryRooms,
): Promise<ManagedDirectory> {
  const { agents } = clients
  return createDirectory({
    ...house,
    declared: house.config.agents,
    limit: house.config.limits.agents,
    openOutlet: (url, agent) => openCardOutlet(egress, url, agent),
    openLink: linkOpener(house, egress),
    identityOf: (name) => agents.named(name),
    otherNames: () => [
      { kind: 'server' as const, name: OWN_AGENT },
      ...registry.servers().map(({ name }) => ({ kind: 'server' as const, name })),
      ...agents.list().map(({ name }) => ({ kind: 'workload' as const, name })),
    ],
  })
}

/** An administrator typed the address; the allowance goes with the outlet. */
function openCardOutlet(egress: Egress, url: string, agent: string): Outlet {
  const allowance = egress.allow(url, `card of agent ${agent}`)
  const outlet = egress.open({ purpose: 'card', url, allowance })
  return { ...outlet, destroy: () => outlet.destroy().finally(() => egress.disallow(allowance)) }
}

/** The directory uses no interface but at a host and port that an administrator typed. */
function linkOpener(house: House, egress: Egress): OpenLink {
  const responseBytes = house.config.limits.upstreamResponseBytes
  const links = createAgentLinks({ ...house, egress, limits: { responseBytes } })
  return (way) => {
    const allowance = egress.allow(`http://${hostOf(way.interface.url)}`, `agent ${way.agent}`)
    const link = links.open(way.interface, { name: way.agent, allowance })
    return { ...link, close: () => link.close().finally(() => egress.disallow(allowance)) }
  }
}
