/** A failed discovery is not repeated with every request. */
const RETRY_AFTER_MS = 1000

/** Does it once; after a failure again, but not at once. */
export function onceItWorks<result>(
  discover: () => Promise<result>,
  now: () => number,
): () => Promise<result> {
  let result: Promise<result> | undefined
  let failedAtMs = -Infinity
  return () => {
    if (failedAtMs > -Infinity && now() - failedAtMs >= RETRY_AFTER_MS) result = undefined
    if (!result) {
      failedAtMs = -Infinity
      result = discover()
      result.catch(() => (failedAtMs = now()))
    }
    return result
  }
}
