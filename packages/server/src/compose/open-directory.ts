import type { Clients } from '../clients/index.ts'
import { createDirectory, type ManagedDirectory, type OpenLink } from '../directory/index.ts'
import type { Egress, Outlet } from '../egress/index.ts'
import type { House } from './house.ts'

export function openDirectory(
  house: House,
  rooms: {
    readonly egress: Egress
    readonly clients: Pick<Clients, 'agents'>
    readonly openLink: OpenLink
  },
): Promise<ManagedDirectory> {
  const { egress, clients, openLink } = rooms
  return createDirectory({
    ...house,
    limit: house.config.limits.agents,
    openOutlet: (url, agent) => openCardOutlet(egress, url, agent),
    openLink,
    identityOf: (name) => clients.agents.named(name),
  })
}

/** An administrator typed the address; the allowance goes with the outlet. */
function openCardOutlet(egress: Egress, url: string, agent: string): Outlet {
  const allowance = egress.allow(url, `card of agent ${agent}`)
  const outlet = egress.open({ purpose: 'card', url, allowance })
  return { ...outlet, destroy: () => outlet.destroy().finally(() => egress.disallow(allowance)) }
}
