import { ParleyError } from '@parley/contract'

/** The agent wants another credential than it got, or one at all. */
export class AgentCredentialRefused extends ParleyError {
  /** WWW-Authenticate as it came, for whoever can get a credential; callers do not see it. */
  readonly challenge: string | undefined

  constructor(status: number, challenge?: string) {
    super('upstream_unavailable', `The agent refused Parley's credential (HTTP ${status}).`, {
      data: { status },
    })
    this.challenge = challenge
  }
}

/** It is the hub's credential that was refused, whatever the body says; a 403 only where it asks for another one. */
export function toRefusal(status: number, challenge: string | undefined): ParleyError | undefined {
  if (status === 401 || (status === 403 && challenge !== undefined))
    return new AgentCredentialRefused(status, challenge)
  return undefined
}

/** An answer that holds none of the operation's answers and no error of A2A; `data.status` keeps the HTTP status. */
export function toStatusError(status: number): ParleyError {
  const data = { status }
  if (status === 401 || status === 403) return new AgentCredentialRefused(status)
  if (status >= 300 && status < 400) {
    return new ParleyError(
      'upstream_unavailable',
      `The agent answered with a redirect (HTTP ${status}), which Parley does not follow; its card must name the address it leads to.`,
      { data },
    )
  }
  if (status < 300)
    return new ParleyError('upstream_invalid', 'The agent ended its answer without a response.', { data })
  return new ParleyError('upstream_unavailable', `The agent answered with HTTP ${status}.`, { data })
}

/** The HTTP status that an error came with; undefined when there was no answer at all. */
export function statusOf(error: ParleyError): number | undefined {
  const { data } = error
  if (typeof data !== 'object' || data === null || !('status' in data)) return undefined
  return typeof data.status === 'number' ? data.status : undefined
}

/** What was thrown while an answer was read, as what it means: the agent's answer cannot be used. */
export function toInvalidAnswer(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  return invalidAnswer('cannot be used', error)
}

/** `what` goes on the sentence: "The agent's answer …". */
export function invalidAnswer(what: string, cause?: unknown): ParleyError {
  return new ParleyError(
    'upstream_invalid',
    `The agent's answer ${what}.`,
    cause === undefined ? {} : { cause },
  )
}
