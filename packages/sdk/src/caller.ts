/** The claims of a verified access token (RFC 9068 §2.2), as they stand in it. */
export interface Claims {
  readonly iss: string
  readonly sub: string
  readonly client_id: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly [claim: string]: unknown
}

/** One who acts for another (RFC 8693 §4.1). */
export interface Actor {
  readonly subject: string
  readonly client?: string
}

/** Who calls, out of a verified token. The token itself is not here: what cannot be read cannot be passed on. */
export interface Caller {
  /** Whom the token is about: a person, or an agent that acts for itself. */
  readonly subject: string
  /** The subject, when it is a person of a Parley hub. */
  readonly person?: string
  /** The app that the token was issued to. */
  readonly client: string
  /** Who acts for the subject, nearest first; empty when nobody does. */
  readonly actors: readonly Actor[]
  /** What the token allows, as it says itself; the guard knows what these include. */
  readonly scopes: readonly string[]
  /** What the token is for alone, where a Parley hub calls on somebody's behalf: `tool:notes/add_note`. */
  readonly capability?: string
  /** The grant behind the token, at a Parley hub. */
  readonly grant?: string
  /** The browser session in which the token was allowed, at a Parley hub. */
  readonly session?: string
  /** How the person signed in (RFC 9470): the context class, and when, in seconds since the epoch. */
  readonly acr?: string
  readonly authTime?: number
  /** Seconds since the epoch. */
  readonly expiresAt: number
  readonly claims: Claims
}

/** A chain that is longer is refused: each link was somebody's decision, and nobody decides that often. */
const MAX_ACTORS = 8

/** The caller that claims speak of; undefined when one is missing (RFC 9068 §2.2) or has the wrong shape. */
export function toCaller(claims: Readonly<Record<string, unknown>>): Caller | undefined {
  const { sub, client_id: client, iat, exp, jti, scope = '', acr, auth_time: authTime } = claims
  const { gid, sid, capability } = claims
  const isWhole = [sub, client, jti].every(isName) && Number.isSafeInteger(iat) && Number.isSafeInteger(exp)
  const actors = readActors(claims['act'])
  if (!isWhole || typeof scope !== 'string' || !actors) return undefined
  if (![acr, gid, sid, capability].every((claim) => claim === undefined || isName(claim))) return undefined
  if (authTime !== undefined && typeof authTime !== 'number') return undefined
  const subject = sub as string
  return Object.freeze({
    subject,
    client: client as string,
    actors,
    scopes: Object.freeze(scope.split(' ').filter((name) => name !== '')),
    expiresAt: exp as number,
    claims: Object.freeze(claims) as Claims,
    ...(subject.startsWith('per_') && { person: subject }),
    ...(capability !== undefined && { capability: capability as string }),
    ...(gid !== undefined && { grant: gid as string }),
    ...(sid !== undefined && { session: sid as string }),
    ...(acr !== undefined && { acr: acr as string }),
    ...(authTime !== undefined && { authTime }),
  })
}

/**
 * Everybody who acts, outermost first: the person, the app, agent after agent; the last is who calls. An app stands in
 * `client` until its first agent has exchanged the token, and in the chain from then on.
 */
export function chainOf({ subject, client, actors }: Caller): readonly string[] {
  const acting = actors.map((actor) => actor.subject).toReversed()
  const isNamed = client === subject || acting.includes(client)
  return isNamed ? [subject, ...acting] : [subject, client, ...acting]
}

function readActors(outermost: unknown): readonly Actor[] | undefined {
  const actors: Actor[] = []
  for (let act = outermost; act !== undefined; act = (act as { act?: unknown }).act) {
    if (typeof act !== 'object' || act === null || actors.length === MAX_ACTORS) return undefined
    const { sub, client_id: client } = act as { sub?: unknown; client_id?: unknown }
    if (!isName(sub) || (client !== undefined && !isName(client))) return undefined
    actors.push(Object.freeze(client === undefined ? { subject: sub } : { subject: sub, client }))
  }
  return Object.freeze(actors)
}

function isName(claim: unknown): claim is string {
  return typeof claim === 'string' && claim !== ''
}
