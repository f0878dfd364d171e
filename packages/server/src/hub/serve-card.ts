import type { IncomingMessage, ServerResponse } from 'node:http'
import type { A2aVersion } from '../a2a/index.ts'
import { readVersion, versionText } from './read-service-parameters.ts'
import type { ServedCard } from './served-card.ts'

const MAX_AGE_SECONDS = 300

/** An agent's card over HTTP with what caches need (specification §8.6.1, RFC 9110 §13). */
export function serveCard(req: IncomingMessage, res: ServerResponse, card: ServedCard): void {
  const { changedAt } = card
  const { json, etag } = card.text(versionOf(req) ?? card.usual)
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
    // Each version has a text of its own, and caches are to know it.
    'vary',
    'a2a-version',
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

/** Nobody is refused a card for a version that is not known: it tells which there are. */
function versionOf(req: IncomingMessage): A2aVersion | undefined {
  try {
    const text = versionText(req)
    return text === undefined ? undefined : readVersion(text)
  } catch {
    return '1.0'
  }
}

/** The tag counts where there is one (RFC 9110 §13.2.2). */
function isUnchanged({ headers }: IncomingMessage, etag: string, modified: Date): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined)
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
  const since = headers['if-modified-since']
  return since !== undefined && Date.parse(since) >= modified.getTime()
}
