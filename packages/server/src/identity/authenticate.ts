import type { KeyId, Principal } from '@parley/contract'
import { ParleyError } from '@parley/contract'
import type { Revocation, TokenSubjects } from '../revocations/index.ts'
import { BOOTSTRAP_KEY_PREFIX, bootstrapPrincipal, matchesKey } from './bootstrap-key.ts'
import { createChallenges, type Challenge, type Challenges } from './guard/challenge.ts'
import { METADATA_PATH, protectedResource } from './guard/protected-resources.ts'
import {
  isHitBy,
  tokenPrincipal,
  tokenSubjects,
  type FindApp,
  type VerifiedCaller,
} from './guard/token-principal.ts'

/** A key as it is stored: its hash and whether it still stands. */
export interface StoredKey {
  readonly id: KeyId
  readonly hash: Uint8Array
}

export type Authenticated =
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly error: Challenge | ParleyError }

/**
 * Answers who calls the resource at `path`: at once for a credential that is known, with a promise for a token that was
 * never seen. A credential for one resource is nothing at another.
 */
export type Authenticate = (
  authorization: string | undefined,
  path: string,
) => Authenticated | Promise<Authenticated>

/** The SDK's verifier for one audience. */
export type VerifyToken = (authorization: string | undefined) => TokenAnswer | Promise<TokenAnswer>
type TokenAnswer =
  | { readonly kind: 'caller'; readonly caller: VerifiedCaller }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'unavailable' }

export interface AuthenticateOptions {
  /** The keys that stand, asked at each call: a retired one is gone at once. */
  readonly keys: () => readonly StoredKey[]
  readonly origin: () => string
  /** The verifier of tokens for a resource; undefined while nobody issues any. */
  readonly verifier: (resource: string) => VerifyToken | undefined
  readonly findApp: FindApp
}

export interface Gatekeeper {
  readonly authenticate: Authenticate
  challenges(path: string): Challenges
  /** Whether a revocation cuts off the token that this principal came with. The bootstrap key has none. */
  isHit(principal: Principal, revocation: Revocation): boolean
}

/** Longer than any credential of ours; anything beyond is refused unread. */
const MAX_HEADER_LENGTH = 8192
/** Resources are few: the endpoints of the servers there are. Beyond it, all are made anew. */
const MAX_RESOURCES = 2000
const SCHEME = 'bearer '

/** Checks the `Authorization` header (RFC 6750 §2.1) at every resource of the hub, for keys and for tokens. */
export function createGatekeeper(options: AuthenticateOptions): Gatekeeper {
  const { keys, origin, verifier, findApp } = options
  const desks = new Map<string, { verify: VerifyToken | undefined; challenges: Challenges }>()
  const answers = new WeakMap<object, Authenticated>()
  const subjects = new WeakMap<Principal, TokenSubjects>()
  const remembered = {
    header: '',
    key: undefined as StoredKey | undefined,
    answer: undefined as Authenticated | undefined,
  }

  function deskOf(path: string) {
    const known = desks.get(path)
    if (known) return known
    if (desks.size >= MAX_RESOURCES) desks.clear()
    const scope = protectedResource(path)?.scopes[0] ?? ''
    const desk = {
      verify: verifier(origin() + path),
      challenges: createChallenges(() => `${origin()}${METADATA_PATH}${path}`, scope),
    }
    desks.set(path, desk)
    return desk
  }

  const refused = (error: Challenge | ParleyError): Authenticated => ({ kind: 'refused', error })

  function authenticate(
    authorization: string | undefined,
    path: string,
  ): Authenticated | Promise<Authenticated> {
    if (
      authorization !== undefined &&
      authorization === remembered.header &&
      keys().includes(remembered.key!)
    )
      return remembered.answer!
    const desk = deskOf(path)
    if (authorization === undefined || authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME)
      return refused(desk.challenges.missing())
    if (authorization.length > MAX_HEADER_LENGTH) return refused(desk.challenges.malformed())
    const credential = authorization.slice(SCHEME.length)
    if (credential.startsWith(BOOTSTRAP_KEY_PREFIX)) return byKey(authorization, credential, desk.challenges)
    if (!desk.verify) return refused(desk.challenges.invalid('The access token is not valid here.'))
    const verified = desk.verify(authorization)
    if (!(verified instanceof Promise)) return conclude(verified, desk.challenges)
    return verified.then((answer) => conclude(answer, desk.challenges))
  }

  /** Remembered by its exact text, so that the hash is computed once; a wrong one is never remembered. */
  function byKey(authorization: string, credential: string, challenges: Challenges): Authenticated {
    const key = keys().find((candidate) => matchesKey(credential, candidate.hash))
    if (!key) return refused(challenges.invalid('The key is not valid.'))
    const answer: Authenticated = { kind: 'principal', principal: bootstrapPrincipal(key.id) }
    Object.assign(remembered, { header: authorization, key, answer })
    return answer
  }

  function conclude(verified: TokenAnswer, challenges: Challenges): Authenticated {
    if (verified.kind === 'missing') return refused(challenges.missing())
    if (verified.kind === 'malformed') return refused(challenges.malformed())
    if (verified.kind === 'invalid') return refused(challenges.invalid(verified.reason))
    if (verified.kind === 'unavailable')
      return refused(new ParleyError('unavailable', 'The access token cannot be checked right now.'))
    const { caller } = verified
    const known = answers.get(caller)
    if (known) return known
    const principal = tokenPrincipal(caller, findApp)
    if (!principal) return refused(challenges.invalid('The access token names no grant of this hub.'))
    const answer: Authenticated = { kind: 'principal', principal }
    answers.set(caller, answer)
    subjects.set(principal, tokenSubjects(caller, findApp))
    return answer
  }

  return {
    authenticate,
    challenges: (path) => deskOf(path).challenges,
    isHit(principal, revocation) {
      const own = subjects.get(principal)
      return own !== undefined && isHitBy(own, revocation)
    },
  }
}
