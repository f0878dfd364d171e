import type { GrantId, KeyId, Principal } from '@parley/contract'
import { ParleyError, parseCapabilityName } from '@parley/contract'
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
  /** Whether the grant of a token may still be used, asked at each call: it may run out at any moment. */
  readonly isGrantOver: (grant: GrantId) => boolean
}

export interface Gatekeeper {
  readonly authenticate: Authenticate
  challenges(path: string): Challenges
  /** Whether a revocation cuts off the token that this principal came with. The bootstrap key has none. */
  isHit(principal: Principal, revocation: Revocation): boolean
}

interface Desk {
  readonly path: string
  verify: VerifyToken | undefined
  readonly challenges: Challenges
}

/** Longer than any credential of ours; anything beyond is refused unread. */
const MAX_HEADER_LENGTH = 8192
/** Resources are few: the endpoints of the servers there are. Beyond it, all are made anew. */
const MAX_RESOURCES = 2000
/** The scheme's name is case-insensitive (RFC 9110 §11.1). */
const KEY = new RegExp(`^bearer ${BOOTSTRAP_KEY_PREFIX}`, 'i')
const SCHEME_LENGTH = 'Bearer '.length

/** Checks the `Authorization` header (RFC 6750 §2.1) at every resource of the hub, for keys and for tokens. */
export function createGatekeeper(options: AuthenticateOptions): Gatekeeper {
  return new HeaderGatekeeper(options)
}

class HeaderGatekeeper implements Gatekeeper {
  readonly #options: AuthenticateOptions
  readonly #desks = new Map<string, Desk>()
  readonly #answers = new WeakMap<object, Authenticated>()
  readonly #subjects = new WeakMap<Principal, TokenSubjects>()
  #rememberedHeader = ''
  #rememberedKey: StoredKey | undefined
  #rememberedAnswer: Authenticated | undefined

  constructor(options: AuthenticateOptions) {
    this.#options = options
  }

  readonly authenticate: Authenticate = (authorization, path) => {
    if (authorization !== undefined && authorization === this.#rememberedHeader && this.#stands())
      return this.#rememberedAnswer!
    const desk = this.#deskOf(path)
    if (authorization === undefined) return refused(desk.challenges.missing())
    if (authorization.length > MAX_HEADER_LENGTH) return refused(desk.challenges.malformed())
    if (KEY.test(authorization)) return this.#byKey(authorization, authorization.slice(SCHEME_LENGTH), desk)
    // Not before the hub listens: only then its resources have their names.
    desk.verify ??= this.#options.verifier(this.#options.origin() + path)
    if (!desk.verify) return refused(desk.challenges.missing())
    const verified = desk.verify(authorization)
    if (!(verified instanceof Promise)) return this.#conclude(verified, desk)
    return verified.then((answer) => this.#conclude(answer, desk))
  }

  challenges(path: string): Challenges {
    return this.#deskOf(path).challenges
  }

  isHit(principal: Principal, revocation: Revocation): boolean {
    const own = this.#subjects.get(principal)
    return own !== undefined && isHitBy(own, revocation)
  }

  #stands(): boolean {
    return this.#rememberedKey !== undefined && this.#options.keys().includes(this.#rememberedKey)
  }

  #deskOf(path: string): Desk {
    const known = this.#desks.get(path)
    if (known) return known
    if (this.#desks.size >= MAX_RESOURCES) this.#desks.clear()
    const scope = protectedResource(path)?.scopes[0] ?? ''
    const metadataUrl = () => this.#options.origin() + METADATA_PATH + path
    const desk: Desk = { path, verify: undefined, challenges: createChallenges(metadataUrl, scope) }
    this.#desks.set(path, desk)
    return desk
  }

  /** Remembered by its exact text, so that the hash is computed once; a wrong one is never remembered. */
  #byKey(authorization: string, credential: string, { challenges }: Desk): Authenticated {
    const key = this.#options.keys().find((candidate) => matchesKey(credential, candidate.hash))
    if (!key) return refused(challenges.invalid('The key is not valid.'))
    const answer: Authenticated = { kind: 'principal', principal: bootstrapPrincipal(key.id) }
    this.#rememberedHeader = authorization
    this.#rememberedKey = key
    this.#rememberedAnswer = answer
    return answer
  }

  #conclude(verified: TokenAnswer, { path, challenges }: Desk): Authenticated {
    switch (verified.kind) {
      case 'missing':
        return refused(challenges.missing())
      case 'malformed':
        return refused(challenges.malformed())
      case 'invalid':
        return refused(challenges.invalid(verified.reason))
      case 'unavailable':
        return refused(new ParleyError('unavailable', 'The access token cannot be checked right now.'))
      case 'caller':
        return this.#admit(verified.caller, { path, challenges })
    }
  }

  #admit(caller: VerifiedCaller, desk: Pick<Desk, 'path' | 'challenges'>): Authenticated {
    const answer = this.#answers.get(caller) ?? this.#meet(caller, desk)
    if (answer.kind === 'refused' || !this.#options.isGrantOver(answer.principal.grant!)) return answer
    return refused(desk.challenges.invalid('The access that the token was issued for has ended.'))
  }

  #meet(caller: VerifiedCaller, { path, challenges }: Pick<Desk, 'path' | 'challenges'>): Authenticated {
    const { findApp } = this.#options
    const principal = tokenPrincipal(caller, findApp)
    if (!principal) return refused(challenges.invalid('The access token names no grant of this hub.'))
    // What allows nothing at all here is told so at once, instead of with every list that is empty.
    const [whole = ''] = protectedResource(path)?.scopes ?? []
    if (path !== '/api' && !caller.scopes.some((scope) => isOfCapabilities(scope, whole)))
      return refused(challenges.insufficientScope([whole]))
    const answer: Authenticated = { kind: 'principal', principal }
    this.#answers.set(caller, answer)
    this.#subjects.set(principal, tokenSubjects(caller))
    return answer
  }
}

function isOfCapabilities(scope: string, whole: string): boolean {
  return scope === whole || parseCapabilityName(scope) !== undefined
}

function refused(error: Challenge | ParleyError): Authenticated {
  return { kind: 'refused', error }
}
