import { createVerifier, type Caller, type KeySource, type RevocationList } from '@parley/sdk'
import { errors } from 'jose'
import type { Clock } from '../../lib/clock.ts'
import type { Revocations } from '../../revocations/index.ts'
import type { VerifyToken } from '../authenticate.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import { tokenSubjects } from './token-principal.ts'

/** The verifier of the SDK for each resource of the hub, with the keys and the revocations that are at hand here. */
export function createTokenVerifiers(options: {
  readonly keys: Pick<SigningKeys, 'find'>
  readonly issuer: () => string
  readonly revocations: Revocations
  readonly clock: Clock
}): (resource: string) => VerifyToken {
  const { issuer, revocations, clock } = options
  const keys = ownKeys(options.keys)
  const revoked = ownRevocations(revocations)
  return (resource) =>
    createVerifier({
      issuer: issuer(),
      audience: resource,
      keys,
      revocations: revoked,
      algorithms: ['ES256'],
      now: () => clock.now(),
    })
}

function ownKeys(keys: Pick<SigningKeys, 'find'>): KeySource {
  return async ({ kid }) => {
    const key = kid === undefined ? undefined : keys.find(kid)
    if (!key) throw new errors.JWKSNoMatchingKey()
    return key
  }
}

function ownRevocations(revocations: Revocations): RevocationList {
  return {
    get generation() {
      return revocations.generation
    },
    isCurrent: () => true,
    watch(caller: Caller) {
      const subjects = tokenSubjects(caller)
      return () => revocations.isRevoked(subjects)
    },
  }
}
