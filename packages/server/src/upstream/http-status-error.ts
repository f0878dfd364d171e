import { ParleyError } from '@parley/contract'

/** The server wants another credential than it got, or one at all. */
export class CredentialRefused extends ParleyError {
  readonly status: number
  /** WWW-Authenticate as it came, for whoever can get a credential; callers do not see it. */
  readonly challenge: string

  constructor(status: number, challenge: string) {
    super(
      'upstream_unavailable',
      'The server wants a sign-in of its own. Connect it in your account, at /account/connections.',
      { data: { status } },
    )
    this.status = status
    this.challenge = challenge
  }
}

/** An answer without a JSON-RPC response, as an error; `data.status` keeps the HTTP status. */
export function toStatusError(status: number, challenge?: string): ParleyError {
  const data = { status }
  if (challenge !== undefined) return new CredentialRefused(status, challenge)
  if (status === 401 || status === 403) {
    return new ParleyError(
      'upstream_unavailable',
      `The server refused Parley's credentials (HTTP ${status}).`,
      { data },
    )
  }
  if (status >= 300 && status < 400) {
    return new ParleyError(
      'upstream_unavailable',
      `The server answered with a redirect (HTTP ${status}), which Parley does not follow; register the address it leads to.`,
      { data },
    )
  }
  if (status < 300) {
    return new ParleyError('upstream_invalid', 'The server ended its answer without a response.', { data })
  }
  return new ParleyError('upstream_unavailable', `The server answered with HTTP ${status}.`, { data })
}

/** The HTTP status that an error of an exchange came with; undefined when there was no answer at all. */
export function statusOf(error: ParleyError): number | undefined {
  const { data } = error
  if (typeof data !== 'object' || data === null || !('status' in data)) return undefined
  return typeof data.status === 'number' ? data.status : undefined
}

/** WWW-Authenticate of an answer that has one for a reason. */
export function challengeOf(
  status: number,
  header: string | readonly string[] | undefined,
): string | undefined {
  if ((status !== 401 && status !== 403) || header === undefined) return undefined
  return typeof header === 'string' ? header : header.join(', ')
}
