import { ask } from '../../ask.ts'
import type { Finding } from '../finding.ts'
import { readJson, shown } from '../../fetch-json.ts'
import { isLoopback } from '../../may-follow.ts'
import { checkClientMetadata } from './check-client-metadata.ts'

export interface ClientExamination {
  readonly url: string
  /** Whether an authorization server can take the document for a client. */
  readonly ok: boolean
  readonly findings: readonly Finding[]
}

/** draft-ietf-oauth-client-id-metadata-document: servers should not read more. */
const SIZE_LIMIT_BYTES = 5 * 1024

/** Reads a client ID metadata document as an authorization server would. */
export async function examineClientDocument(url: URL): Promise<ClientExamination> {
  const findings = [checkUrl(url)]
  const reply = await ask(url, { method: 'GET', headers: { accept: 'application/json' } })
  const read = readJson(reply)
  const done = () => ({ url: url.href, ok: findings.every(({ verdict }) => verdict !== 'bad'), findings })
  if (read.kind === 'none') {
    const isRedirect = reply.kind === 'http' && reply.status >= 300 && reply.status < 400
    const mend = isRedirect
      ? 'Serve the document at this very address: servers follow no redirect.'
      : 'Serve a JSON object there with HTTP 200.'
    findings.push({ step: 'document', verdict: 'bad', detail: read.why, mend })
    return done()
  }
  findings.push({ step: 'document', verdict: 'good', detail: 'a JSON object' })
  if (reply.kind === 'http')
    findings.push(checkSize(reply.text), checkCaching(reply.headers.get('cache-control')))
  for (const note of read.notes)
    findings.push({
      step: 'content type',
      verdict: 'bad',
      detail: note,
      mend: 'Serve it as application/json.',
    })
  findings.push(...checkClientMetadata(url, read.value))
  return done()
}

function checkUrl(url: URL): Finding {
  const step = 'address'
  const bad = (detail: string, mend: string): Finding => ({ step, verdict: 'bad', detail, mend })
  if (url.protocol !== 'https:') {
    if (!isLoopback(url.hostname)) return bad('it is plain http', 'Serve the document by https.')
    const mend = 'Serve it by https where others should reach it.'
    return { step, verdict: 'doubtful', detail: 'plain http serves for trying on this machine alone', mend }
  }
  if (url.pathname === '/') return bad('a client_id has a path', 'Use an address such as /client.json.')
  if (url.hash !== '') return bad('a client_id has no fragment', 'Take it out.')
  if (url.search !== '')
    return {
      step,
      verdict: 'doubtful',
      detail: 'a client_id should have no query',
      mend: 'Take the query out.',
    }
  return { step, verdict: 'good', detail: `${shown(url.host)} vouches for the app` }
}

function checkSize(text: string): Finding {
  const bytes = Buffer.byteLength(text)
  if (bytes <= SIZE_LIMIT_BYTES) return { step: 'size', verdict: 'good', detail: `${bytes} bytes` }
  const detail = `${bytes} bytes; servers need not read more than ${SIZE_LIMIT_BYTES}`
  return { step: 'size', verdict: 'bad', detail, mend: 'Move keys to a jwks_uri, and leave the rest out.' }
}

function checkCaching(header: string | null): Finding {
  const step = 'caching'
  if (header !== null && /\bmax-age=[1-9]/.test(header) && !/no-store/.test(header))
    return { step, verdict: 'good', detail: header.slice(0, 80) }
  return {
    step,
    verdict: 'doubtful',
    detail:
      header === null ? 'no Cache-Control: servers choose themselves' : `Cache-Control: ${shown(header)}`,
    mend: 'Send Cache-Control: max-age=3600, so that a change is seen in an hour.',
  }
}
