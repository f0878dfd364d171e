import type { IncomingHttpHeaders } from 'node:http'

const BOUNDS_MS = { min: 60_000, max: 24 * 3_600_000 }
/** A card whose server says nothing of its age (A2A §8.6.2). */
const DEFAULT_MS = 15 * 60_000
const MS_PER_SECOND = 1000

/** How long a card that was just fetched may be used unasked (RFC 9111 §4.2), within a minute and a day. */
export function freshnessMs(headers: IncomingHttpHeaders): number {
  return Math.min(BOUNDS_MS.max, Math.max(BOUNDS_MS.min, lifetimeMs(headers)))
}

function lifetimeMs(headers: IncomingHttpHeaders): number {
  const control = headers['cache-control'] ?? ''
  if (/(?:^|[,\s])no-(?:store|cache)(?:$|[,\s=])/i.test(control)) return 0
  const maxAge = /(?:^|[,\s])max-age\s*=\s*"?(\d{1,10})/i.exec(control)
  // §4.2.1: max-age goes before Expires; §4.2.3: what a cache on the way has used up of it is gone.
  if (maxAge) return (Number(maxAge[1]) - ageSeconds(headers)) * MS_PER_SECOND
  const expires = Date.parse(headers.expires ?? '')
  const date = Date.parse(headers.date ?? '')
  if (headers.expires === undefined) return DEFAULT_MS
  return Number.isNaN(expires) || Number.isNaN(date)
    ? 0
    : expires - date - ageSeconds(headers) * MS_PER_SECOND
}

function ageSeconds({ age }: IncomingHttpHeaders): number {
  return age !== undefined && /^\d{1,10}$/.test(age) ? Number(age) : 0
}
