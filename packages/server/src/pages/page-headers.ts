const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  // Chromium holds the whole chain of redirects after a POST to this: see `onward` in page-router.ts.
  "form-action 'self'",
  "require-trusted-types-for 'script'",
].join('; ')

const PERMISSIONS = [
  'publickey-credentials-get=(self)',
  'publickey-credentials-create=(self)',
  'camera=()',
  'geolocation=()',
  'microphone=()',
  'payment=()',
  'usb=()',
].join(', ')

const HSTS_SECONDS = 31_536_000

/** What every page carries beside `nosniff` and `no-store`, as a flat name, value list. */
export function pageHeaders(origin: string): string[] {
  const headers = [
    'content-security-policy',
    POLICY,
    'x-frame-options',
    'DENY',
    'cross-origin-opener-policy',
    'same-origin',
    'cross-origin-resource-policy',
    'same-origin',
    'referrer-policy',
    'no-referrer',
    'permissions-policy',
    PERMISSIONS,
  ]
  // RFC 6797 §7.2: never over plain HTTP.
  if (origin.startsWith('https:')) headers.push('strict-transport-security', `max-age=${HSTS_SECONDS}`)
  return headers
}
