import { ParleyError } from '@parley/contract'
import { checkJwks, isProblem } from '../clients/index.ts'
import type { CardKey } from './agent-row.ts'
import type { NewKeys } from './managed-directory.ts'

const KID = /^[A-Za-z0-9._~:-]{1,128}$/

/** Public keys to verify cards with. Each needs a kid: a signature names its key by it (A2A §8.4.2). */
export function readKeys({ jwks, expiresAt }: NewKeys, now: number): readonly CardKey[] {
  const read = checkJwks(jwks)
  if (isProblem(read)) throw new ParleyError('invalid_params', read.description)
  if (expiresAt !== null && expiresAt <= now)
    throw new ParleyError('invalid_params', 'expiresAt is in the past.')
  return read.keys.map((publicKey) => {
    const { kid } = publicKey
    if (kid !== undefined && KID.test(kid)) return { kid, publicKey, addedAt: now, expiresAt }
    throw new ParleyError(
      'invalid_params',
      'Each key of jwks needs the kid that signatures name it by: 1 to 128 letters, digits and . _ ~ : -',
    )
  })
}
