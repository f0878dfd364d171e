import type { Egress } from '../egress/index.ts'
import type { MetadataHosts } from './metadata-hosts.ts'

const MAX_AGE_SECONDS = 3600

/** What a fetch of a `jwks_uri` answers; `Response` of the platform is one. */
export type FetchKeys = (url: string) => Promise<Response>

/**
 * The way to the keys that a client's `jwks_uri` names, for whoever verifies its assertions: https alone, no redirects,
 * and freshness of an hour at most, so that a key that is taken back does not live on.
 */
export function createFetchKeys(egress: Egress, hosts: MetadataHosts): FetchKeys {
  return async function fetchKeys(address) {
    const url = new URL(address)
    if (url.protocol !== 'https:') throw new Error('jwks_uri must be https')
    const allowance = hosts.allowanceFor(url)
    const outlet = egress.open({ purpose: 'jwks', url: url.href, ...(allowance ? { allowance } : {}) })
    const answer = await outlet
      .request({ method: 'GET', path: url.pathname + url.search, headers: { accept: 'application/json' } })
      .finally(() => outlet.destroy())
    const asked = Number(/max-age\s*=\s*(\d{1,10})/i.exec(answer.headers['cache-control'] ?? '')?.[1] ?? 0)
    return new Response(new Uint8Array(answer.body), {
      status: answer.status,
      headers: {
        'content-type': answer.headers['content-type'] ?? '',
        'cache-control': `max-age=${Math.min(MAX_AGE_SECONDS, asked)}`,
      },
    })
  }
}
