import type { Principal } from '@parley/contract'
import type { SigningKeys } from '../identity/index.ts'
import type { MasterKeys } from '../sealing/index.ts'
import type { ApiHandlers } from './handlers.ts'

export interface KeyTools {
  readonly keys: Pick<SigningKeys, 'list' | 'rotate'>
  readonly masterKeys: Pick<MasterKeys, 'view' | 'rotate' | 'forget'>
  readonly bootstrapKey: {
    standing(): readonly unknown[]
    retire(by: Pick<Principal, 'subject' | 'chain' | 'person'>): Promise<void>
  }
}

/** The hub's own keys. */
export function keyHandlers({ keys, bootstrapKey, masterKeys }: KeyTools) {
  const view = () => ({
    signing: keys.list(),
    bootstrap: bootstrapKey.standing().length > 0,
    master: masterKeys.view(),
  })
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
    rotateMasterKey: async ({ principal }) => {
      await masterKeys.rotate(principal.subject)
      return view()
    },
    forgetMasterKeys: async ({ principal }) => {
      await masterKeys.forget(principal.subject)
      return view()
    },
  } satisfies Partial<ApiHandlers>
}
