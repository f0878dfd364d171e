import { ask, type Reply } from '../../ask.ts'
import type { Finding } from '../finding.ts'

/** What a card's server should say of its age (A2A §8.6.1), and whether it means it. */
export async function checkCaching(
  url: URL,
  reply: Extract<Reply, { kind: 'http' }>,
  headers: Readonly<Record<string, string>>,
): Promise<Finding[]> {
  return [checkControl(reply.headers.get('cache-control')), await checkEtag(url, reply, headers)]
}

function checkControl(control: string | null): Finding {
  const step = 'caching'
  if (control !== null && /(?:^|[,\s])max-age\s*=/i.test(control))
    return { step, verdict: 'good', detail: `Cache-Control: ${control}` }
  return {
    step,
    verdict: 'doubtful',
    detail: control === null ? 'there is no Cache-Control' : `Cache-Control: ${control}`,
    mend: 'Send Cache-Control: max-age=…, as long as the card may be used unasked; Parley asks each 15 min otherwise.',
  }
}

async function checkEtag(
  url: URL,
  reply: Extract<Reply, { kind: 'http' }>,
  headers: Readonly<Record<string, string>>,
): Promise<Finding> {
  const step = 'validator'
  const etag = reply.headers.get('etag')
  const modified = reply.headers.get('last-modified')
  if (etag === null && modified === null)
    return {
      step,
      verdict: 'doubtful',
      detail: 'there is no ETag and no Last-Modified',
      mend: 'Send an ETag of the version or a hash of the card, so that an unchanged one is not sent again.',
    }
  const condition = etag === null ? { 'if-modified-since': modified! } : { 'if-none-match': etag }
  const again = await ask(url, {
    method: 'GET',
    headers: { accept: 'application/json', ...headers, ...condition },
  })
  if (again.kind === 'http' && again.status === 304)
    return {
      step,
      verdict: 'good',
      detail: `${etag === null ? 'Last-Modified' : 'ETag'}, and 304 when unchanged`,
    }
  return {
    step,
    verdict: 'doubtful',
    detail: 'a conditional request gets the whole card again',
    mend: 'Answer If-None-Match with 304 when the card has not changed.',
  }
}
