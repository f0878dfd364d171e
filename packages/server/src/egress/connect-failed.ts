import { ParleyError } from '@parley/contract'

/** There was no connection: not a byte of the request was sent, so it can do no harm to send it once more. */
export class ConnectFailed extends ParleyError {
  constructor(detail: string, cause?: unknown) {
    super('upstream_unavailable', 'The server could not be reached.', {
      detail,
      ...(cause === undefined ? {} : { cause }),
    })
  }
}
