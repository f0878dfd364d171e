import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { toCaller, type Caller } from './caller.ts'
import { canonicalResource } from './metadata.ts'
import { readBearer } from './read-bearer.ts'
import { TokenCache } from './token-cache.ts'

/** Finds the key that a token names. What it throws beside jose's errors means that no key could be asked for. */
export type KeySource = JWTVerifyGetKey

/** What was revoked while tokens for it may still live. */
export interface RevocationList {
  /** Counts changes: a caller who was let in under an older count is looked at again. */
  readonly generation: number
  /** False when the list may be behind: nobody is let in then. */
  isCurrent(): boolean
  /** What to ask, each time the list has changed, whether this caller was revoked. */
  watch(caller: Caller): (() => boolean) | Promise<() => boolean>
}

export interface VerifierOptions {
  /** Compared character by character with the token's. */
  readonly issuer: string
  /** The resource identifier (RFC 8707) that must be the only audience of a token. */
  readonly audience: string
  readonly keys: KeySource
  readonly revocations?: RevocationList
  /** Signature algorithms, of those that are asymmetric. */
  readonly algorithms?: readonly string[]
  /** The `typ` of tokens that are accepted: of access tokens (RFC 9068 §2.1) unless told otherwise. */
  readonly tokenType?: string
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** `unavailable`: the issuer, or what it revoked, could not be asked. */
export type Verified =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly cause?: unknown }

/** Takes an `Authorization` header. Answers at once for one it knows, with a promise otherwise. */
export type Verifier = (authorization: string | null | undefined) => Verified | Promise<Verified>

const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256']
const CLOCK_TOLERANCE_SECONDS = 60
const REMEMBERED_TOKENS = 10_000

interface Known {
  readonly answer: Verified
  readonly endsAtMs: number
  readonly isRevoked: () => boolean
  generation: number
}

const REVOKED: Verified = { kind: 'invalid', reason: 'The token was revoked.' }
const NOTHING_REVOKED: RevocationList = { generation: 0, isCurrent: () => true, watch: () => () => false }

/**
 * Checks JWT access tokens (RFC 9068 §4). A token that was accepted is remembered by the exact text of its header until
 * it ends or is revoked; one that was refused is never remembered.
 *
 * @example
 * const verify = createVerifier({ issuer, audience: 'https://notes.example/mcp', keys })
 * const verified = await verify(request.headers.get('authorization'))
 * if (verified.kind === 'caller') console.log(verified.caller.subject)
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { revocations = NOTHING_REVOKED, now = Date.now } = options
  const known = new TokenCache<Known>(REMEMBERED_TOKENS)
  const pending = new Map<string, Promise<Verified>>()

  return function verify(authorization) {
    const entry = authorization ? known.get(authorization) : undefined
    if (!entry) return authorization ? learn(authorization) : { kind: 'missing' }
    if (!revocations.isCurrent()) return { kind: 'unavailable' }
    const isOver = now() >= entry.endsAtMs
    if (isOver || (entry.generation !== revocations.generation && entry.isRevoked())) {
      known.delete(authorization!)
      return isOver ? { kind: 'invalid', reason: 'The token has expired.' } : REVOKED
    }
    entry.generation = revocations.generation
    return entry.answer
  }

  /** Requests that bring the same new token at once wait for one check. */
  function learn(authorization: string): Verified | Promise<Verified> {
    const bearer = readBearer(authorization)
    if (bearer.kind !== 'token') return bearer
    const running = pending.get(authorization)
    if (running) return running
    const started = verifyAndRemember(authorization, bearer.token).finally(() =>
      pending.delete(authorization),
    )
    pending.set(authorization, started)
    return started
  }

  async function verifyAndRemember(authorization: string, token: string): Promise<Verified> {
    const answer = await verifyToken(token, options, now())
    if (answer.kind !== 'caller') return answer
    const { caller } = answer
    const isRevoked = await revocations.watch(caller)
    if (!revocations.isCurrent()) return { kind: 'unavailable' }
    const { generation } = revocations
    if (isRevoked()) return REVOKED
    const endsAtMs = (caller.expiresAt + CLOCK_TOLERANCE_SECONDS) * 1000
    known.set(authorization, { answer, endsAtMs, isRevoked, generation })
    return answer
  }
}

async function verifyToken(token: string, options: VerifierOptions, nowMs: number): Promise<Verified> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, options.keys, {
      issuer: options.issuer,
      typ: options.tokenType ?? 'at+jwt',
      algorithms: [...(options.algorithms ?? ALGORITHMS)],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    })
    if (protectedHeader.crit !== undefined)
      return invalid('The token has a critical header that is not understood.')
    if (!isMeantFor(payload.aud, options.audience)) return invalid('The token is for another resource.')
    if (payload.iat! > nowMs / 1000 + CLOCK_TOLERANCE_SECONDS) return invalid('The token is from the future.')
    // A token that is bound to a key must not work without the proof (RFC 9449 §7.2), and none is asked for here.
    if (payload['cnf'] !== undefined) return invalid('The token is bound to a key.')
    const caller = toCaller(payload)
    return caller
      ? Object.freeze({ kind: 'caller', caller })
      : invalid('The token has claims of the wrong form.')
  } catch (error) {
    if (error instanceof errors.JWTExpired) return invalid('The token has expired.')
    const isOurs = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
    if (error instanceof errors.JOSEError && !isOurs) return invalid('The token is not valid here.')
    return { kind: 'unavailable', cause: error }
  }
}

function invalid(reason: string): Verified {
  return { kind: 'invalid', reason }
}

/** One audience a token: what is good at two places can be carried from the one to the other. */
function isMeantFor(audience: unknown, resource: string): boolean {
  const [only, ...others] = Array.isArray(audience) ? (audience as unknown[]) : [audience]
  if (others.length > 0 || typeof only !== 'string') return false
  return only === resource || canonicalResource(only) === resource
}
