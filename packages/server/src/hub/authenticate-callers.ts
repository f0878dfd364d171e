import type { Authenticate } from '../identity/index.ts'

/** The endpoint of all agents: tokens for it are good at each (RFC 8707). */
const ALL_AGENTS = '/a2a'
const BEARER = /^bearer +[^.]+\.([^.]+)\.[^.]+$/i
/** Longer than any token of ours: the check refuses it unread. */
const MAX_HEADER_LENGTH = 8192
/** Tokens whose audience is remembered. Beyond it, all are read anew. */
const MAX_REMEMBERED = 10_000
/** Enough of a signature that two tokens never share it; a wrong guess leads to a refusal. */
const TAIL_LENGTH = 40

/**
 * Who calls an agent, by a token for that agent or for all of them. What a token says of its audience only chooses by which of the
 * two it is checked: one that says something else of itself than its signature holds for is refused there.
 */
export function authenticateCallers(authenticate: Authenticate, origin: () => string): Authenticate {
  const remembered = new Map<string, boolean>()

  function isForAll(authorization: string): boolean {
    const tail = authorization.slice(-TAIL_LENGTH)
    const known = remembered.get(tail)
    if (known !== undefined) return known
    const answer = readAudience(authorization) === origin() + ALL_AGENTS
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.set(tail, answer)
    return answer
  }

  return (authorization, path) => {
    const isAll = authorization !== undefined && isReadable(authorization) && isForAll(authorization)
    return authenticate(authorization, isAll ? ALL_AGENTS : path)
  }
}

/** A key has no parts. */
function isReadable(authorization: string): boolean {
  return authorization.length <= MAX_HEADER_LENGTH && authorization.includes('.')
}

/** Of the claims as they are written; nobody has looked at the signature. */
function readAudience(authorization: string): unknown {
  const claims = BEARER.exec(authorization)?.[1]
  if (claims === undefined) return undefined
  try {
    const { aud } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud?: unknown }
    return Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  } catch {
    // No token of ours; the check says so.
    return undefined
  }
}
