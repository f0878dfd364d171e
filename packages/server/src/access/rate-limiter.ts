/** Buckets beyond this are forgotten, oldest first: a forgotten caller starts with a full bucket. */
const MAX_BUCKETS = 10_000

interface Bucket {
  tokens: number
  atMicros: number
}

/** The wait in whole seconds that a refused caller is told; 0 when the call may go on. */
export type TakeToken = (subject: string) => number

export interface RateLimiterOptions {
  readonly perSecond: number
  readonly burst: number
  readonly monotonicMicros: () => number
}

/**
 * One token bucket per caller: `perSecond` tokens are added each second, at most `burst` are held. Time comes from
 * a monotonic reading, so setting the machine's clock changes nothing.
 */
export function createRateLimiter(options: RateLimiterOptions): TakeToken {
  const buckets = new TokenBuckets(options)
  return (subject) => buckets.take(subject)
}

/** For what is known only afterwards: ask `wait` before, and `take` when it turns out to count. */
export class TokenBuckets {
  readonly #options: RateLimiterOptions
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: RateLimiterOptions) {
    this.#options = options
  }

  /** Counts one, unless there is a wait. */
  take(subject: string): number {
    let bucket = this.#buckets.get(subject)
    if (bucket) this.#fill(bucket)
    else {
      bucket = { tokens: this.#options.burst, atMicros: this.#options.monotonicMicros() }
      this.#buckets.set(subject, bucket)
      if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!)
    }
    const waitSeconds = this.#waitOf(bucket)
    if (waitSeconds === 0) bucket.tokens -= 1
    return waitSeconds
  }

  wait(subject: string): number {
    const bucket = this.#buckets.get(subject)
    if (!bucket) return 0
    this.#fill(bucket)
    return this.#waitOf(bucket)
  }

  #fill(bucket: Bucket): void {
    const { perSecond, burst, monotonicMicros } = this.#options
    const now = monotonicMicros()
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMicros) * perSecond) / 1e6)
    bucket.atMicros = now
  }

  #waitOf({ tokens }: Bucket): number {
    return tokens < 1 ? Math.max(1, Math.ceil((1 - tokens) / this.#options.perSecond)) : 0
  }
}
