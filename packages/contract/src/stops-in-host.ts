/** An http(s) URL, in any spelling that readers of URLs take for one, whose host could still go on. */
const OPEN_HOST = /^\s*https?:[/\\]*[^/\\?#]+$/i

/**
 * Whether a beginning of URLs stops before the host is over: `https://good.example` is also how `https://good.example.evil`
 * and `https://good.example@evil.example` begin.
 */
export function stopsInHost(prefix: string): boolean {
  return OPEN_HOST.test(prefix)
}
