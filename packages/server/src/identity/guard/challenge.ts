import { ParleyError } from '@parley/contract'

/** A refusal that tells the client in `WWW-Authenticate` what would help (RFC 6750 §3, RFC 9470 §3, RFC 9728 §5.1). */
export class Challenge extends ParleyError {
  readonly wwwAuthenticate: string

  constructor(
    code: 'unauthenticated' | 'forbidden' | 'invalid_request',
    message: string,
    parameters: Readonly<Record<string, string | undefined>>,
  ) {
    super(code, message)
    this.name = 'Challenge'
    const said = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '')
    this.wwwAuthenticate = `Bearer ${said.map(([name, value]) => `${name}="${quotable(value!)}"`).join(', ')}`
  }
}

/** The challenges of one protected resource. */
export interface Challenges {
  /** No credential at all: no error code (RFC 6750 §3.1). */
  missing(): Challenge
  malformed(): Challenge
  invalid(reason: string): Challenge
  /** `scopes` are those that are missing, and no others. */
  insufficientScope(scopes: readonly string[], message?: string): Challenge
  insufficientAuthentication(acr: string, maxAgeSeconds?: number): Challenge
}

/** `scope`: what a client that has no token is told to ask for; as little as will do. */
export function createChallenges(metadataUrl: () => string, scope: string): Challenges {
  const where = () => ({ resource_metadata: metadataUrl() })
  return {
    missing: () =>
      new Challenge('unauthenticated', 'Send `Authorization: Bearer <access token>`.', { scope, ...where() }),
    malformed: () =>
      new Challenge('invalid_request', 'The Authorization header cannot be read.', {
        error: 'invalid_request',
        error_description: 'The Authorization header cannot be read.',
        ...where(),
      }),
    invalid: (reason) =>
      new Challenge('unauthenticated', reason, {
        error: 'invalid_token',
        error_description: reason,
        scope,
        ...where(),
      }),
    insufficientScope: (scopes, message = 'The access token does not allow this.') =>
      new Challenge('forbidden', message, {
        error: 'insufficient_scope',
        error_description: 'The access token does not allow this.',
        scope: scopes.filter(isScope).join(' '),
        ...where(),
      }),
    insufficientAuthentication: (acr, maxAgeSeconds) =>
      new Challenge('unauthenticated', 'The person must sign in again, or in a stronger way.', {
        error: 'insufficient_user_authentication',
        error_description: 'The person must sign in again, or in a stronger way.',
        acr_values: acr,
        max_age: maxAgeSeconds?.toString(),
        ...where(),
      }),
  }
}

/** RFC 6749 §3.3: a name with other characters, such as a URI with a space, cannot be asked for as a scope. */
function isScope(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
}

function quotable(value: string): string {
  return value.replaceAll(/["\\]|[^\x20-\x7e]/g, '')
}
