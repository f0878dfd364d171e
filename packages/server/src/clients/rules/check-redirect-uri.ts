import { isProblem, redirectProblem } from './metadata-problem.ts'
import type { MetadataProblem } from './metadata-problem.ts'

/** `https`: at a host of its own. `loopback`: http on this machine, on any port. `app`: a scheme that an app has claimed. */
export type RedirectKind = 'https' | 'https-loopback' | 'loopback' | 'app'

const MAX_URI_LENGTH = 2048
const MAX_URIS = 20

/** White space, control characters and what URL parsers read differently: `\`, quotes, `<`, `>`, and non-ASCII. */
const UNSAFE = /[^\x21-\x7e]|[\\"<>^`{|}]/

/** As it is spelled, not as a parser reads it: `http://127.1/` is no loopback literal (RFC 8252 §7.3). */
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(?:[/?]|$)/
const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** RFC 8252 §7.1: a domain in reverse is the app's own; others are in use, such as `cursor://`, and need an authority. */
const REVERSE_DOMAIN = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:\//
const APP_SCHEME = /^([a-z][a-z0-9+-]*):\/\/[a-z0-9]/i

/** Schemes that do something by themselves when they are opened. */
const ACTIVE_SCHEMES: ReadonlySet<string> = new Set(
  `about blob chrome chrome-extension data file filesystem ftp ftps gopher help http https intent irc jar javascript
  ldap ldaps mailto mhtml moz-extension ms-appinstaller ms-excel ms-msdt ms-officecmd ms-powerpoint ms-settings
  ms-word nfs nntp resource search-ms search sftp shell smb sms ssh steam tel telnet vbscript vnc view-source ws wss`.split(
    /\s+/,
  ),
)

/** Reads a client's `redirect_uris`: which kinds there are, or the first that may not be registered. */
export function checkRedirectUris(value: unknown): readonly RedirectKind[] | MetadataProblem {
  if (!Array.isArray(value) || value.length === 0)
    return redirectProblem('redirect_uris must be a list of at least one URI.')
  if (value.length > MAX_URIS) return redirectProblem(`redirect_uris must hold at most ${MAX_URIS} URIs.`)
  const kinds: RedirectKind[] = []
  for (const uri of value) {
    const kind = checkRedirectUri(uri)
    if (isProblem(kind)) return kind
    kinds.push(kind)
  }
  return kinds
}

/** OAuth 2.1 §2.3.1 and MCP: https, or loopback by its literal names, or an app's own scheme (RFC 8252 §7). */
export function checkRedirectUri(uri: unknown): RedirectKind | MetadataProblem {
  if (typeof uri !== 'string' || uri === '') return redirectProblem('A redirect URI must be text.')
  if (uri.length > MAX_URI_LENGTH)
    return redirectProblem(`A redirect URI is longer than ${MAX_URI_LENGTH} characters.`)
  if (UNSAFE.test(uri)) return redirectProblem('A redirect URI holds a character that does not belong there.')
  if (uri.includes('#')) return redirectProblem('A redirect URI must not have a fragment (RFC 6749 §3.1.2).')
  if (uri.includes('*')) return redirectProblem('A redirect URI must be exact; wildcards are not understood.')
  const url = URL.parse(uri)
  if (!url) return redirectProblem('A redirect URI is not an absolute URI.')
  if (hasUserInfo(uri, url)) return redirectProblem('A redirect URI must not hold user info.')
  if (hasDotSegment(uri)) return redirectProblem('A redirect URI must not hold dot segments.')
  if (/^https:\/\/[^/?]/.test(uri)) return LOOPBACK_HOSTS.includes(url.hostname) ? 'https-loopback' : 'https'
  if (url.protocol === 'http:') {
    if (LOOPBACK.test(uri) && LOOPBACK_HOSTS.includes(url.hostname)) return 'loopback'
    return redirectProblem(
      'A redirect URI with http must name localhost, 127.0.0.1 or [::1]; use https elsewhere.',
    )
  }
  return checkAppScheme(uri, url)
}

function checkAppScheme(uri: string, url: URL): RedirectKind | MetadataProblem {
  const scheme = url.protocol.slice(0, -1)
  if (!ACTIVE_SCHEMES.has(scheme) && (REVERSE_DOMAIN.test(uri) || APP_SCHEME.test(uri))) return 'app'
  return redirectProblem(
    'A redirect URI must use https, http on localhost, or a scheme of the app such as com.example.app:/callback.',
  )
}

function hasUserInfo(uri: string, url: URL): boolean {
  const authority = /^[^:]+:\/\/([^/?]*)/.exec(uri)?.[1] ?? ''
  return url.username !== '' || url.password !== '' || authority.includes('@')
}

function hasDotSegment(uri: string): boolean {
  const path = uri.replace(/\?.*$/, '').replace(/^[^:]+:(?:\/\/[^/]*)?/, '')
  return path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))
}
