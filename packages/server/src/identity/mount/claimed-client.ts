import type { IncomingMessage } from 'node:http'

const MAX_LENGTH = 512

/** The client that a request says it is from (RFC 6749 §2.3, RFC 7523 §3), before that is proved; empty when it says none. */
export function claimedClient(request: IncomingMessage, parameters: URLSearchParams): string {
  const named =
    parameters.get('client_id') ?? ofBasic(request.headers.authorization) ?? ofAssertion(parameters)
  return (named ?? '').slice(0, MAX_LENGTH)
}

function ofBasic(authorization: string | undefined): string | undefined {
  const encoded = /^basic +(\S+)$/i.exec(authorization ?? '')?.[1]
  return encoded && Buffer.from(encoded, 'base64').toString().split(':')[0]
}

function ofAssertion(parameters: URLSearchParams): string | undefined {
  const payload = parameters.get('client_assertion')?.split('.')[1]
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const sub = claims !== null && typeof claims === 'object' && 'sub' in claims ? claims.sub : undefined
    return typeof sub === 'string' ? sub : undefined
  } catch {
    // What is no JWT names nobody, and is refused further on.
    return undefined
  }
}
