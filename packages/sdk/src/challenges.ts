import { refuse, type Refusal } from './refusal.ts'
import type { StepUp } from './tool-rules.ts'

/** Every answer of a guard that lets nobody through, in the words of RFC 6750 §3 and RFC 9470 §3. */
export class Challenges {
  readonly #metadataUrl: string
  readonly #scopes: readonly string[]

  /** `scopes`: what a client without a token is told to ask for; as little as will do. */
  constructor(metadataUrl: string, scopes: readonly string[]) {
    this.#metadataUrl = metadataUrl
    this.#scopes = scopes
  }

  /** A request without credentials gets no error code (RFC 6750 §3.1). */
  missing(): Refusal {
    const body = { error_description: 'Send an access token in the Authorization header.' }
    return refuse(401, body, this.#challenge({ scope: this.#scopes.join(' ') }))
  }

  malformed(description: string): Refusal {
    return this.#refuse(400, { error: 'invalid_request', error_description: description })
  }

  invalid(description: string): Refusal {
    const error = { error: 'invalid_token', error_description: description }
    return this.#refuse(401, error, { scope: this.#scopes.join(' ') })
  }

  /** `scopes` are those that are missing, and no others. */
  insufficientScope(scopes: readonly string[]): Refusal {
    const error = { error: 'insufficient_scope', error_description: 'The token does not allow this.' }
    return this.#refuse(403, error, { scope: scopes.join(' ') })
  }

  insufficientAuthentication({ acr, maxAgeSeconds }: StepUp): Refusal {
    const error = {
      error: 'insufficient_user_authentication',
      error_description: 'The person must sign in again, or in a stronger way.',
    }
    const wanted = { acr_values: acr ?? '', max_age: maxAgeSeconds?.toString() ?? '' }
    return this.#refuse(401, error, wanted)
  }

  /** Nobody can be let in on what may have been revoked, nor turned away as if their token were bad. */
  unavailable(): Refusal {
    const body = {
      error: 'temporarily_unavailable',
      error_description: 'The token cannot be checked right now.',
    }
    return refuse(503, body, { 'retry-after': '1' })
  }

  #refuse(
    status: number,
    error: Readonly<Record<string, string>>,
    more: Readonly<Record<string, string>> = {},
  ): Refusal {
    return refuse(status, error, this.#challenge({ ...error, ...more }))
  }

  #challenge(parameters: Readonly<Record<string, string>>): Record<string, string> {
    const all = { ...parameters, resource_metadata: this.#metadataUrl }
    const said = Object.entries(all).filter(([, value]) => value !== '')
    return { 'www-authenticate': `Bearer ${said.map(([name, value]) => `${name}="${value}"`).join(', ')}` }
  }
}
