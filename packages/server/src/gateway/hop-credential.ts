import type { Principal } from '@parley/contract'
import type { HopTokens } from '../identity/index.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { Credential } from '../upstream/index.ts'

/** What a call to this server carries in the caller's name; undefined for a server that does not trust the hub's tokens. */
export function hopCredential(
  hopTokens: HopTokens,
  { upstream }: Pick<ServerEntry, 'upstream'>,
  caller: () => Principal,
): Credential | undefined {
  const { hopAudience } = upstream
  return hopAudience === undefined ? undefined : () => hopTokens.mint(caller(), hopAudience)
}
