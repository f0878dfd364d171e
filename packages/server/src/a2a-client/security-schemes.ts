import type { AgentCard } from '../a2a/index.ts'
import { isHeaderName, isReservedHeader } from '../lib/credential-header.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'

/**
 * One security scheme of a card (specification §4.5), as far as it matters to whoever has to meet it. `unusable` is
 * what the hub does not do; `why` goes on the sentence: "The agent asks for "NAME", which …".
 */
export type AgentScheme =
  | { readonly kind: 'key'; readonly header: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'bearer' }
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'oauth'
      readonly flow: 'authorizationCode' | 'clientCredentials' | 'deviceCode'
      readonly tokenUrl: string | undefined
      readonly authorizationUrl: string | undefined
      /** All that the agent knows. */
      readonly scopes: readonly string[]
    }
  | { readonly kind: 'openid'; readonly url: string | undefined }
  | { readonly kind: 'unusable'; readonly why: string }

/** One of the ways that a card leaves: all of its schemes together. */
export type AgentRequirement = readonly {
  readonly name: string
  readonly scheme: AgentScheme
  /** The scopes that are wanted. */
  readonly scopes: readonly string[]
}[]

const COOKIE_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/
const MAX_SCOPES = 100

/** The ways in that a card leaves, any of which will do; none where everybody is welcome. */
export function readRequirements(
  card: Pick<AgentCard, 'securitySchemes' | 'securityRequirements'>,
): readonly AgentRequirement[] {
  const schemes = card.securitySchemes ?? {}
  return (card.securityRequirements ?? []).map((requirement) =>
    Object.entries(requirement.schemes ?? {}).map(([name, wanted]) => ({
      name,
      scheme: Object.hasOwn(schemes, name) ? readScheme(schemes[name]!) : notDefined(),
      scopes: wanted.list ?? [],
    })),
  )
}

function readScheme(scheme: JsonObject): AgentScheme {
  const { apiKeySecurityScheme: key, httpAuthSecurityScheme: http } = scheme
  const { oauth2SecurityScheme: oauth, openIdConnectSecurityScheme: openid } = scheme
  if (isObject(key)) return readKey(key)
  if (isObject(http)) return readHttp(http)
  if (isObject(oauth)) return readOauth(oauth)
  if (isObject(openid)) return { kind: 'openid', url: textOf(openid['openIdConnectUrl']) }
  if (isObject(scheme['mtlsSecurityScheme'])) return unusable('is a certificate of the client')
  return unusable('is of a kind that Parley does not know')
}

function readKey({ location, name }: JsonObject): AgentScheme {
  const text = textOf(name) ?? ''
  if (location === 'cookie') {
    return COOKIE_NAME.test(text) ? { kind: 'cookie', name: text } : unusable('has a name that no cookie has')
  }
  // Addresses end up in logs, on both sides and between.
  if (location === 'query') return unusable('is a key in the address')
  const header = text.toLowerCase()
  if (location !== 'header' || !isHeaderName(header)) return unusable('has a name that no header has')
  return isReservedHeader(header) ? unusable('is a header of the hub’s own') : { kind: 'key', header }
}

function readHttp({ scheme }: JsonObject): AgentScheme {
  const name = textOf(scheme)?.toLowerCase()
  if (name === 'bearer') return { kind: 'bearer' }
  return name === 'basic'
    ? { kind: 'basic' }
    : unusable('is an HTTP authentication that Parley does not know')
}

function readOauth({ flows }: JsonObject): AgentScheme {
  if (!isObject(flows)) return unusable('has no flow')
  for (const flow of ['authorizationCode', 'clientCredentials', 'deviceCode'] as const) {
    const terms = flows[flow]
    if (!isObject(terms)) continue
    return {
      kind: 'oauth',
      flow,
      tokenUrl: textOf(terms['tokenUrl']),
      authorizationUrl: textOf(terms['authorizationUrl'] ?? terms['deviceAuthorizationUrl']),
      scopes: isObject(terms['scopes']) ? Object.keys(terms['scopes']).slice(0, MAX_SCOPES) : [],
    }
  }
  // OAuth 2.1 has them no longer.
  return unusable('is a flow of OAuth that is not safe')
}

function notDefined(): AgentScheme {
  return unusable('its card does not define')
}

function unusable(why: string): AgentScheme {
  return { kind: 'unusable', why }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
