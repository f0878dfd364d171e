const MAX_URL_LENGTH = 2048
const UNSAFE = /[^\x21-\x7e]|[\\"<>^`{|}]/

/**
 * True for a Client Identifier URL (draft-ietf-oauth-client-id-metadata-document, section of that name): https, a path,
 * no user info, dot segments or fragment. It is compared as it is spelled, so it must be spelled as parsers write it:
 * two spellings of one address are not two apps.
 */
export function isClientIdUrl(clientId: string): boolean {
  if (!clientId.startsWith('https://') || clientId.length > MAX_URL_LENGTH || UNSAFE.test(clientId))
    return false
  const url = URL.parse(clientId)
  if (!url || clientId.includes('#') || clientId.includes('@') || url.pathname === '/') return false
  // The parser resolves dot segments, lower-cases the host and drops a default port: then it is another spelling.
  return (
    url.href === clientId && !/(?:^|\/)(?:\.|%2e){1,2}(?:[/?]|$)/i.test(clientId.slice(url.origin.length))
  )
}
