/** Why the doctor does not ask a URL that somebody else's answer names; undefined when it may. */
export function whyNotFollow(from: URL, text: unknown): string | undefined {
  const to = typeof text === 'string' && text.length <= 2048 ? URL.parse(text) : null
  if (!to) return 'is no URL'
  if (to.protocol !== 'https:' && to.protocol !== 'http:') return `has the scheme ${to.protocol}`
  if (to.username !== '' || to.password !== '') return 'has credentials in it'
  if (to.hash !== '') return 'has a fragment'
  const isOwn = isLoopback(to.hostname)
  if (to.protocol === 'http:' && !isOwn) return 'is plain http, where anyone on the way can change the answer'
  // A server elsewhere must not make this machine ask itself or its neighbours.
  if (!isLoopback(from.hostname) && (isOwn || isPrivate(to.hostname)))
    return `points from ${from.hostname} into a private network`
  return undefined
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}

/** Literal addresses only: a name is resolved by the system, like those of any other page. */
function isPrivate(hostname: string): boolean {
  return (
    /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(
      hostname,
    ) || /^\[(?:::|f[cd]|fe[89ab])/i.test(hostname)
  )
}
