import type { Clients } from '../../clients/index.ts'
import type { Provider } from '../provider/library.ts'

/** Secrets are kept as hashes, so the comparison is ours; the provider's would compare with a stand-in and always fail. */
export function compareSecretsByHash(provider: Provider, clients: Pick<Clients, 'matchesSecret'>): void {
  const { prototype } = provider.Client as unknown as { prototype: object }
  Object.assign(prototype, {
    async compareClientSecret(this: { clientId: string }, secret: string) {
      return clients.matchesSecret(this.clientId, secret)
    },
  })
}

/** The longest that an assertion may be good for, in seconds. */
const ASSERTION_SECONDS = 300
const CLOCK_TOLERANCE_SECONDS = 60
const MAX_JTI_LENGTH = 256

/**
 * What the provider leaves open of an assertion (RFC 7523 §3): one audience alone, and a short life. Answers what is
 * wrong with it.
 */
export function findAssertionFault(
  claims: Readonly<Record<string, unknown>>,
  nowMs: number,
): string | undefined {
  const { aud, exp, jti, sub, iss } = claims
  if (typeof aud !== 'string') return 'aud must be one audience'
  if (typeof exp !== 'number' || exp > nowMs / 1000 + ASSERTION_SECONDS + CLOCK_TOLERANCE_SECONDS)
    return `exp must be within ${ASSERTION_SECONDS} seconds`
  // The provider looks too, but by the machine's clock, which may have been set back.
  if (exp <= nowMs / 1000 - CLOCK_TOLERANCE_SECONDS) return 'it has expired'
  if (typeof jti !== 'string' || jti.length > MAX_JTI_LENGTH) return 'jti is too long'
  return sub === iss ? undefined : 'sub and iss must both be the client_id'
}
