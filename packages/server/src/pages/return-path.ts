const MAX_LENGTH = 2048

/** Where people may be sent on after signing in: pages of ours, and nothing that changes state. */
const PREFIXES = ['/interaction/', '/consent/', '/connect/', '/account/']

/** The path as it is when it leads to such a page; undefined for everything else, such as another site in disguise. */
export function ownPath(text: string | null | undefined): string | undefined {
  if (text === null || text === undefined || text.length > MAX_LENGTH) return undefined
  const url = URL.parse(text, 'http://own.invalid')
  // Whatever the URL parser reads differently from what is written (`//`, `\`, `..`, controls) is not a plain path.
  if (url?.origin !== 'http://own.invalid' || url.pathname + url.search !== text) return undefined
  if (text.includes('//') || /%(?:2f|5c|2e|0)/i.test(url.pathname)) return undefined
  if (url.pathname === '/account' || PREFIXES.some((prefix) => url.pathname.startsWith(prefix))) return text
  return undefined
}
