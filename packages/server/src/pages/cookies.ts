const MAX_COOKIE_LENGTH = 256

/** The hub's two cookies: who is signed in, and whose forms are whose before that. */
export type CookieName = 'session' | 'visitor'

/**
 * The name under which a browser keeps it. `__Host-` (RFC 6265bis §4.1.3.2) needs https; on http://localhost, where cookies do
 * not know ports, the port tells hubs apart.
 */
export function cookieName(name: CookieName, origin: string): string {
  const url = new URL(origin)
  return url.protocol === 'https:' ? `__Host-parley-${name}` : `parley-${name}-${url.port || '80'}`
}

/** The value of `Set-Cookie`; an empty value takes the cookie away. It ends with the browser's session, or after `maxAgeSeconds`. */
export function setCookie(
  name: CookieName,
  value: string,
  options: { origin: string; maxAgeSeconds?: number | undefined },
): string {
  const { origin } = options
  const maxAge = value === '' ? 0 : options.maxAgeSeconds
  const parts = [`${cookieName(name, origin)}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax']
  if (origin.startsWith('https:')) parts.push('Secure')
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`)
  return parts.join('; ')
}

/** The value a request carries; undefined when there is none, or more than one and nobody can say which is ours. */
export function readCookie(header: string | undefined, name: CookieName, origin: string): string | undefined {
  if (header === undefined) return undefined
  const prefix = `${cookieName(name, origin)}=`
  const found = header.split(';', 64).flatMap((part) => {
    const text = part.trim()
    return text.startsWith(prefix) ? [text.slice(prefix.length)] : []
  })
  const [value] = found
  if (found.length !== 1 || value === undefined || value.length > MAX_COOKIE_LENGTH) return undefined
  return /^[\w-]+$/.test(value) ? value : undefined
}
