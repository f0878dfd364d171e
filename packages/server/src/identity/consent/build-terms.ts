import type { GrantTerms } from '@parley/contract'
import type { ServerOffer } from './capability-offer.ts'
import { mergeLimits } from './merge-limits.ts'
import { switchName, type ConsentRequest } from './consent-request.ts'

export interface Choice {
  /** Names of the switches that are on. */
  readonly on: ReadonlySet<string>
  readonly seconds: number
}

/** How long an app may be allowed to act, in seconds. */
export const DURATIONS: Readonly<Record<string, string>> = {
  3600: '1 hour',
  86400: '1 day',
  2592000: '30 days',
  7776000: '90 days',
}
export const DEFAULT_SECONDS = 2_592_000

/** A grant's terms hold a thousand rules; a server with more tools is granted by its name. */
const MAX_RULES = 1000

/** The grant's terms that a person chose; undefined when nothing at all was left on. */
export function buildTerms(
  request: ConsentRequest,
  offer: readonly ServerOffer[],
  choice: Choice,
  where: { readonly issuer: string; readonly nowMs: number },
): GrantTerms | undefined {
  const { resource, identityScopes, details } = request
  const isMcp = resource.kind === 'mcp'
  const scopes = isMcp ? request.scopes : request.scopes.filter((scope) => choice.on.has(`scope.${scope}`))
  const capabilities =
    details.length > 0 ? details.flatMap((detail) => detail.capabilities) : chosenRules(offer, choice)
  // An MCP grant without any capability is a beginning: the app can ask for single ones when it needs them.
  if (scopes.length === 0 && identityScopes.length === 0) return undefined
  const seconds = Math.min(choice.seconds, ...details.map((detail) => detail.expires_in ?? Infinity))
  return {
    audiences: {
      ...(scopes.length === 0 ? {} : { [resource.identifier]: [...scopes] }),
      ...(identityScopes.length === 0 ? {} : { [where.issuer]: [...identityScopes] }),
    },
    capabilities,
    limits: mergeLimits(details.map((detail) => detail.limits ?? {})),
    expiresAt: where.nowMs + seconds * 1000,
  }
}

function chosenRules(offer: readonly ServerOffer[], { on }: Choice): GrantTerms['capabilities'] {
  const chosen = offer.flatMap(({ server, groups }) =>
    groups.filter((group) => on.has(switchName(server, group))).map((group) => ({ server, group, groups })),
  )
  const names = chosen.flatMap(({ group }) => group.items.map((item) => item.capability))
  if (names.length <= MAX_RULES) return [...new Set(names)].map((capability) => ({ capability }))
  const whole = new Set(chosen.map(({ server }) => server))
  return [...whole].flatMap((server) =>
    ['tool', 'prompt', 'resource', 'template'].map((kind) => ({ capability: `${kind}:${server}/*` })),
  )
}
