import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServedCard } from './card-desk.ts'

const MAX_AGE_SECONDS = 300

/** An agent's card over HTTP with what caches need (specification §8.6.1, RFC 9110 §13). */
export function serveCard(
  req: IncomingMessage,
  res: ServerResponse,
  { json, etag, changedAt }: ServedCard,
): void {
  const modified = new Date(Math.floor(changedAt / 1000) * 1000)
  const headers = [
    'content-type',
    'application/json',
    'etag',
    etag,
    'last-modified',
    modified.toUTCString(),
    'cache-control',
    `public, max-age=${MAX_AGE_SECONDS}`,
    'access-control-allow-origin',
    '*',
    'x-content-type-options',
    'nosniff',
  ]
  if (isUnchanged(req, etag, modified)) {
    res.writeHead(304, headers.slice(2)).end()
    return
  }
  res.writeHead(200, [...headers, 'content-length', String(Buffer.byteLength(json))])
  res.end(req.method === 'HEAD' ? undefined : json)
}

/** The tag counts where there is one (RFC 9110 §13.2.2). */
function isUnchanged({ headers }: IncomingMessage, etag: string, modified: Date): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined)
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
  const since = headers['if-modified-since']
  return since !== undefined && Date.parse(since) >= modified.getTime()
}
