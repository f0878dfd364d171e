/** Buckets beyond this are forgotten, oldest first: a forgotten caller starts with a full bucket. */
const MAX_BUCKETS = 10_000

interface Bucket {
  tokens: number
  atMicros: number
}

/** The wait in whole seconds that a refused caller is told; 0 when the call may go on. */
export type TakeToken = (subject: string) => number

/**
 * One token bucket per caller: `perSecond` tokens are added each second, at most `burst` are held. Time comes from
 * a monotonic reading, so setting the machine's clock changes nothing.
 */
export function createRateLimiter(options: {
  readonly perSecond: number
  readonly burst: number
  readonly monotonicMicros: () => number
}): TakeToken {
  const { perSecond, burst, monotonicMicros } = options
  const buckets = new Map<string, Bucket>()

  return function takeToken(subject) {
    const now = monotonicMicros()
    let bucket = buckets.get(subject)
    if (!bucket) {
      bucket = { tokens: burst, atMicros: now }
      buckets.set(subject, bucket)
      if (buckets.size > MAX_BUCKETS) buckets.delete(buckets.keys().next().value!)
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMicros) * perSecond) / 1e6)
    bucket.atMicros = now
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond))
    bucket.tokens -= 1
    return 0
  }
}
