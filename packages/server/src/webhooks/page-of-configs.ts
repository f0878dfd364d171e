import { ParleyError } from '@parley/contract'
import type { TaskPushNotificationConfig } from '../a2a/index.ts'
import { toConfig, type Webhook } from './webhook.ts'

const MAX_SIZE = 100

/** One page (specification §3.1.9), in the order they were made; its token is the hub's own id of the last one. */
export function pageOfConfigs(
  webhooks: readonly Webhook[],
  { size, token }: { readonly size: number; readonly token: string },
): { readonly configs: readonly TaskPushNotificationConfig[]; readonly nextPageToken: string } {
  if (token !== '' && !/^whk_[0-9A-Z]{26}$/.test(token))
    throw new ParleyError(
      'invalid_params',
      'The page token is none of this list; leave it out to begin anew.',
    )
  const sorted = webhooks.toSorted((left, right) => (left.id < right.id ? -1 : 1))
  const rest = sorted.filter(({ id }) => id > token)
  const page = rest.slice(0, size > 0 ? Math.min(size, MAX_SIZE) : MAX_SIZE)
  return { configs: page.map(toConfig), nextPageToken: rest.length > page.length ? page.at(-1)!.id : '' }
}
