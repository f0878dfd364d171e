import type { AgentId, AppId, CapabilityName, ChainLink, Principal } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'

/** Signs claims as an access token (RFC 9068) with the key that is current; at once, because the lane waits for nothing. */
export type SignToken = (claims: Readonly<Record<string, unknown>>) => string

/**
 * The token of one hop (design §6): for servers that trust this hub's issuer, in the place of the caller's own, which
 * never leaves. Good at one server alone, for a minute at most.
 */
export interface HopTokens {
  /**
   * `audience` is the server's own URL; without a principal the token speaks for the hub itself. With a capability it is good
   * for that alone, as far as the server has a guard that looks at tools.
   */
  mint(principal: Principal | undefined, audience: string, capability?: CapabilityName): string
  /**
   * For an agent of this hub's own, which may go on for the caller: it can exchange the token (RFC 8693), and nobody else
   * can (`may_act`, §4.4). It holds the scopes that the caller's own token has.
   */
  mintForAgent(principal: Principal, audience: string, agent: AgentId): string
  /**
   * For an agent that is told to stop because its caller has been cut off: nobody can go on with it. Guards refuse what was
   * issued in the second of the cut or before, so it is from the next.
   */
  mintToEnd(principal: Principal, audience: string, agent: AgentId): string
}

/** A token is used again for half of its life, so that the other half is left for its way. */
const LIFETIME_SECONDS = 60
const REUSE_MS = 30_000
/** Tokens that are kept for a caller. Beyond it, all are minted anew. */
const MAX_TOKENS = 1000
const ID_BYTES = 16

interface Minted {
  readonly token: string
  readonly until: number
}

interface HopWish {
  readonly capability?: CapabilityName | undefined
  /** Who may go on with it. */
  readonly agent?: AgentId
  /** All that the server has unless named. */
  readonly scope?: readonly string[]
  readonly isLater?: boolean
}

export function createHopTokens(options: {
  readonly sign: SignToken
  readonly issuer: () => string
  readonly clock: Clock
  readonly random: Random
  /** The client_id of an app, by which guards elsewhere know it, also when it is cut off. */
  readonly clientIdOf: (app: AppId) => string | undefined
  /** The scopes of a server that administrators registered as a resource; none for any other. */
  readonly scopesOf: (audience: string) => readonly string[]
}): HopTokens {
  const { sign, issuer, clock, random } = options
  const byCaller = new WeakMap<object, Map<string, Minted>>()
  const hub = {}

  function mintNew(
    principal: Principal | undefined,
    audience: string,
    { capability, agent, scope, isLater = false }: HopWish,
  ): string {
    const issuedAt = Math.floor(clock.now() / 1000) + (isLater ? 1 : 0)
    return sign({
      iss: issuer(),
      aud: audience,
      ...whoCalls(principal, options),
      ...(capability !== undefined && { capability }),
      ...(agent !== undefined && { may_act: { sub: agent } }),
      // What this call may do was decided here. A guard there knows its own scopes alone, so it is told that all are held.
      scope: (scope ?? ['mcp', ...options.scopesOf(audience)]).join(' '),
      iat: issuedAt,
      exp: issuedAt + LIFETIME_SECONDS,
      jti: newId(random),
      txn: newId(random),
    })
  }

  /** The caller's token of that key while it is fresh, else a new one. */
  function reuse(caller: object, key: string, make: () => string): string {
    let own = byCaller.get(caller)
    if (!own || own.size >= MAX_TOKENS) byCaller.set(caller, (own = new Map()))
    const known = own.get(key)
    if (known && known.until > clock.now()) return known.token
    const token = make()
    own.set(key, { token, until: clock.now() + REUSE_MS })
    return token
  }

  return {
    mint(principal, audience, capability) {
      const key = capability === undefined ? audience : `${audience} ${capability}`
      return reuse(principal ?? hub, key, () => mintNew(principal, audience, { capability }))
    },
    mintForAgent(principal, audience, agent) {
      const scope = principal.scopes ?? ['a2a']
      return reuse(principal, `${audience} for ${agent}`, () =>
        mintNew(principal, audience, { agent, scope }),
      )
    },
    mintToEnd: (principal, audience) =>
      mintNew(principal, audience, { scope: principal.scopes ?? ['a2a'], isLater: true }),
  }
}

/**
 * The subject is the person, or who acts alone; everybody between them and this hop stands in `act`, the nearest
 * outermost (RFC 8693 §4.1).
 */
function whoCalls(
  principal: Principal | undefined,
  { issuer, clientIdOf }: { issuer: () => string; clientIdOf: (app: AppId) => string | undefined },
): Record<string, unknown> {
  if (!principal) return { sub: issuer(), client_id: issuer() }
  const { app, chain, grant, assurance } = principal
  const [subject, ...others] = chain
  let act: Record<string, unknown> | undefined
  // The app stands in `client_id`.
  for (const link of others) if (link.kind === 'agent') act = { sub: link.id, ...(act && { act }) }
  return {
    sub: subject?.id ?? principal.subject,
    client_id: (app && clientIdOf(app)) ?? lastOf(chain)?.id ?? principal.subject,
    ...(act && { act }),
    ...(grant !== undefined && { gid: grant }),
    ...(assurance.kind === 'token' && {
      acr: assurance.acr,
      amr: assurance.amr,
      ...(assurance.authTime !== undefined && { auth_time: assurance.authTime }),
    }),
  }
}

function lastOf(chain: readonly ChainLink[]): ChainLink | undefined {
  return chain[chain.length - 1]
}

function newId(random: Random): string {
  return Buffer.from(random.bytes(ID_BYTES)).toString('base64url')
}
