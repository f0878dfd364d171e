import type { IncomingMessage } from 'node:http'
import { IncomingMessage as Request } from '../../lib/node-http.ts'

/**
 * The request as the provider gets it: with the target and body that were checked, and with the hub's own origin, so that
 * no header of the client's can decide an address.
 */
export function copyRequest(
  request: IncomingMessage,
  changed: {
    readonly target: string
    readonly body: string | undefined
    readonly origin: URL
    readonly accept: string
    /** Whom limits count: an address, or the network of one. */
    readonly address: string
  },
): IncomingMessage {
  const copy = new Request(request.socket)
  copy.method = request.method!
  copy.url = changed.target
  copy.httpVersion = request.httpVersion
  copy.httpVersionMajor = request.httpVersionMajor
  copy.httpVersionMinor = request.httpVersionMinor
  const { authorization, cookie, origin } = request.headers
  copy.headers = {
    host: changed.origin.host,
    'x-forwarded-for': changed.address,
    'x-forwarded-proto': changed.origin.protocol.slice(0, -1),
    accept: changed.accept,
    ...(authorization === undefined ? {} : { authorization }),
    ...(cookie === undefined ? {} : { cookie }),
    // The provider would reflect it in what any page may read.
    ...(origin === undefined || changed.target.startsWith('/.well-known/') ? {} : { origin }),
    ...(changed.body === undefined
      ? {}
      : {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(changed.body)),
        }),
  }
  if (changed.body !== undefined) copy.push(changed.body)
  copy.push(null)
  copy.complete = true
  return copy
}
