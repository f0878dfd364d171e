/** JSON of any kind: `application/json`, `application/a2a+json` and the like (RFC 6839 §3.1). */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  if (contentType === 'application/json') return true
  const type = bare(contentType)
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'))
}

export function isEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && bare(contentType) === 'text/event-stream'
}

function bare(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase()
}
