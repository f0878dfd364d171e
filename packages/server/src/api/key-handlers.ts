import type { Principal } from '@parley/contract'
import type { SigningKeys } from '../identity/index.ts'
import type { ApiHandlers } from './handlers.ts'

export interface KeyTools {
  readonly keys: Pick<SigningKeys, 'list' | 'rotate'>
  readonly bootstrapKey: {
    standing(): readonly unknown[]
    retire(by: Pick<Principal, 'subject' | 'chain' | 'person'>): Promise<void>
  }
}

/** The hub's own keys. */
export function keyHandlers({ keys, bootstrapKey }: KeyTools) {
  const view = () => ({ signing: keys.list(), bootstrap: bootstrapKey.standing().length > 0 })
  return {
    listKeys: async () => view(),
    rotateKeys: async ({ body, principal }) => {
      await keys.rotate(principal.subject, body)
      return view()
    },
    retireBootstrapKey: async ({ principal }) => {
      await bootstrapKey.retire(principal)
      return view()
    },
  } satisfies Partial<ApiHandlers>
}
