import { ParleyError } from '@parley/contract'

/** An answer without a JSON-RPC response, as an error; `data.status` keeps the HTTP status. */
export function toStatusError(status: number): ParleyError {
  const data = { status }
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
