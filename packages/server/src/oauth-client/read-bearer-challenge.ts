import { parseChallenges } from './parse-challenges.ts'
import { isScope } from './scopes.ts'

/** What a server that wants a token says about it (RFC 6750 §3, RFC 9728 §5.1). */
export interface BearerChallenge {
  readonly resourceMetadata: string | undefined
  /** What the operation needs, as it was written. */
  readonly scope: string | undefined
  readonly error: string | undefined
}

const MAX_LENGTH = 8192

/** The first Bearer challenge of a 401 or 403; undefined when there is none. */
export function readBearerChallenge(header: string | string[] | undefined): BearerChallenge | undefined {
  if (header === undefined) return undefined
  const text = Array.isArray(header) ? header.join(', ') : header
  const bearer = parseChallenges(text.slice(0, MAX_LENGTH)).find(({ scheme }) => scheme === 'bearer')
  if (!bearer) return undefined
  const scope = bearer.params.get('scope')
  return {
    resourceMetadata: bearer.params.get('resource_metadata'),
    scope: scope !== undefined && isScope(scope) ? scope : undefined,
    error: bearer.params.get('error'),
  }
}
