import { ROLE_ACTIONS } from '../access/index.ts'
import { createConnect, type Connect, type ServerRef } from '../connect/index.ts'
import type { Egress } from '../egress/index.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { Vault } from '../vault/index.ts'
import { stackOf, type House } from './house.ts'
import type { IdentityRooms } from './open-identity.ts'

export interface ConnectRooms extends Pick<IdentityRooms, 'access' | 'people' | 'clients' | 'pages'> {
  readonly registry: ManagedRegistry
  readonly egress: Egress
  readonly vault: Vault
}

/** Connections of people to servers that want a sign-in of their own. */
export function openConnect(house: House, rooms: ConnectRooms): Connect {
  const { config, log } = house
  const { registry, people, clients, access } = rooms
  const onError = (error: unknown) => log('a connection failed', { error: stackOf(error) })
  return createConnect({
    ...house,
    ...rooms,
    apps: clients,
    settings: config.connections,
    servers: () => registry.servers().flatMap(({ row }) => refOf(row)),
    challengeOf: (server) => registry.servers().find(({ id }) => id === server)?.challenge,
    mayUse: (person, server) => access.mayUse(person, server),
    mayShare: (person) =>
      (people.find(person)?.roles ?? []).some((role) => ROLE_ACTIONS[role].has('servers.manage')),
    onShared: ({ name }) => void registry.refresh(name).catch(onError),
    onError,
  })
}

function refOf({
  id,
  name,
  target,
}: ReturnType<ManagedRegistry['servers']>[number]['row']): readonly ServerRef[] {
  return target.transport === 'http' ? [{ id, name, url: target.url }] : []
}
