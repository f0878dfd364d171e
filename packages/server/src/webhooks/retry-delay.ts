import type { Random } from '../lib/random.ts'

const MAX_DELAY_MS = 5 * 60_000
/** However long a receiver asks for. */
const MAX_RETRY_AFTER_MS = 60 * 60_000

/** Doubles with every failure in a row; the second half of it is left to chance, so that receivers are not met by all at once. */
export function retryDelay(
  failures: number,
  options: { readonly firstMs: number; readonly retryAfterMs: number | undefined; readonly random: Random },
): number {
  const { firstMs, retryAfterMs = 0, random } = options
  const fullMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), MAX_DELAY_MS)
  const chance = Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32
  return Math.max(Math.round(fullMs * (0.5 + chance / 2)), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS))
}

/** RFC 9110 §10.2.3: seconds, or a date. Undefined for anything else. */
export function readRetryAfter(value: string | string[] | undefined, now: number): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * 1000
  // Only the form that is written today (§5.6.7); Date alone would read almost anything.
  if (!/^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$/.test(value)) return undefined
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
