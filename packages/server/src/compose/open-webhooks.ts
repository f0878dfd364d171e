import type { Egress } from '../egress/index.ts'
import { createWebhooks, type Webhooks } from '../webhooks/index.ts'
import { stackOf, type House } from './house.ts'
import { isGrantOver } from './open-enforcement.ts'
import type { IdentityRooms } from './open-identity.ts'

export function openWebhooks(
  house: House,
  rooms: Pick<IdentityRooms, 'grants' | 'identity'> & { readonly egress: Egress },
): Webhooks {
  const { config, log, origin } = house
  return createWebhooks({
    ...house,
    egress: rooms.egress,
    allow: config.webhooks.allow,
    limits: config.limits,
    issuer: origin,
    sign: (claims, typ) => rooms.identity.mintToken(claims, typ),
    mayBeTold: ({ grant }) => grant === undefined || !isGrantOver(house, rooms, grant),
    onError: (what, error) => log(what, { error: stackOf(error) }),
  })
}
