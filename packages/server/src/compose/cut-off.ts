import type { Principal } from '@parley/contract'
import type { Clients } from '../clients/index.ts'
import type { Revocation } from '../revocations/index.ts'
import type { House } from './house.ts'

const EXPIRY_CHECK_MS = 500

/** A task runs under its grant, whatever becomes of the token and the session it was begun with. */
export function isNamed(
  { kind, id }: Revocation,
  { clients }: { readonly clients: Pick<Clients, 'findApp'> },
): (principal: Pick<Principal, 'chain'> & { readonly grant?: string | undefined }) => boolean {
  if (kind === 'session' || kind === 'token') return () => false
  const named = kind === 'app' ? clients.findApp(id)?.id : id
  if (named === undefined) return () => false
  return ({ grant, chain }) => grant === named || chain.some((link) => link.id === named)
}

/** A grant that runs out tells nobody: what still runs under it is looked for. */
export function watchExpiry({ clock }: House, look: () => void): () => void {
  const again = () => {
    look()
    timer = clock.setTimeout(again, EXPIRY_CHECK_MS)
  }
  let timer = clock.setTimeout(again, EXPIRY_CHECK_MS)
  return () => timer.cancel()
}
