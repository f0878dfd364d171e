import type { Grant, GrantId } from '@parley/contract'
import type { Grants } from '../../grants/index.ts'

/** How a grant's holder is called in OAuth: an app by its client_id, an agent by its id. */
export type ClientIdOf = (holder: Grant['holder']) => string | undefined

/**
 * The provider's Grant record of a grant of ours, made from it each time: it cannot say anything else. Undefined once the
 * grant is over. Scopes for the client itself (`openid`) stand under the issuer.
 */
export function viewGrant(
  id: string,
  tools: {
    readonly grants: Pick<Grants, 'find' | 'audiencesOf'>
    readonly issuer: string
    readonly clientIdOf: ClientIdOf
  },
): Record<string, unknown> | undefined {
  const grant = tools.grants.find(id as GrantId)
  if (!grant || grant.state !== 'active') return undefined
  const clientId = tools.clientIdOf(grant.holder)
  if (clientId === undefined) return undefined
  const { expiresAt } = grant.terms
  const audiences = tools.grants.audiencesOf(grant.id)
  const resources = Object.fromEntries(
    Object.entries(audiences)
      .filter(([audience]) => audience !== tools.issuer)
      .map(([audience, scopes]) => [audience, scopes.join(' ')]),
  )
  const own = audiences[tools.issuer] ?? []
  return {
    kind: 'Grant',
    jti: grant.id,
    iat: seconds(grant.createdAt),
    exp: expiresAt === null ? FAR_FUTURE : seconds(expiresAt),
    clientId,
    ...(grant.person === null ? {} : { accountId: grant.person }),
    resources,
    ...(own.length === 0 ? {} : { openid: { scope: own.join(' ') } }),
  }
}

/** The provider wants an expiry: the last second of the year 9999. */
const FAR_FUTURE = 253_402_300_799

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
