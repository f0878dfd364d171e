import type { Authenticate } from '../identity/index.ts'

/** The endpoint of all agents: tokens for it are good at each (RFC 8707). */
const ALL_AGENTS = '/a2a'
const BEARER = /^bearer +[^.]+\.([^.]+)\.[^.]+$/i
/** Longer than any token of ours: the check refuses it unread. */
const MAX_HEADER_LENGTH = 8192
/** Tokens whose audience is remembered. Beyond it, all are read anew. */
const MAX_REMEMBERED = 10_000
/** Found by the end of the text and then compared whole: to hash all of a token costs ten times as much. */
const TAIL_LENGTH = 40

interface Remembered {
  readonly authorization: string
  readonly isForAll: boolean
}

/**
 * Who calls an agent, by a token for that agent or for all of them. What a token says of its audience only chooses by which of the
 * two it is checked: one that says something else of itself than its signature holds for is refused there.
 */
export function authenticateCallers(authenticate: Authenticate, origin: () => string): Authenticate {
  const remembered = new Map<string, Remembered>()

  function isForAll(authorization: string): boolean {
    const tail = authorization.slice(-TAIL_LENGTH)
    const known = remembered.get(tail)
    if (known?.authorization === authorization) return known.isForAll
    const answer = readAudience(authorization) === origin() + ALL_AGENTS
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.set(tail, { authorization, isForAll: answer })
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
