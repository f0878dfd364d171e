import type { IncomingMessage } from 'node:http'

/**
 * Whether a request that changes state was sent by a page of ours. Browsers tell it twice: `Origin`, which our
 * `Referrer-Policy: no-referrer` turns into `null` for forms (Fetch §3.2), and `Sec-Fetch-Site`, which no page can set. One
 * must say so, and none may contradict; a client that tells neither is refused.
 */
export function isFromOwnPage(request: IncomingMessage, origin: string): boolean {
  const from = request.headers.origin
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  if (from === undefined || from === 'null') return site === 'same-origin'
  return from === origin
}
