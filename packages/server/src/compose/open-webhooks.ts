import type { Egress } from '../egress/index.ts'
import type { Identity } from '../identity/index.ts'
import { createWebhooks, type Webhooks } from '../webhooks/index.ts'
import { stackOf, type House } from './house.ts'

export function openWebhooks(
  house: House,
  rooms: { readonly egress: Egress; readonly identity: Identity },
): Webhooks {
  const { config, log, origin } = house
  return createWebhooks({
    ...house,
    egress: rooms.egress,
    allow: config.webhooks.allow,
    limits: config.limits,
    issuer: origin,
    sign: (claims, typ) => rooms.identity.mintToken(claims, typ),
    onError: (what, error) => log(what, { error: stackOf(error) }),
  })
}
