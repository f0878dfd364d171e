import type { GrantTerms } from '@parley/contract'
import type { ServerOffer } from './capability-offer.ts'
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

/** A grant's terms hold a thousand rules; a server with more tools is granted by its name, when all of it was left on. */
const MAX_RULES = 1000

/** The grant's terms that a person chose; or that nothing at all was left on, or more than a grant can say. */
export function buildTerms(
  request: ConsentRequest,
  offer: readonly ServerOffer[],
  choice: Choice,
  where: { readonly issuer: string; readonly nowMs: number },
): GrantTerms | 'nothing' | 'too-much' {
  const { resource, identityScopes, details } = request
  const isOfCapabilities = resource.wholeScope !== undefined
  const scopes = isOfCapabilities
    ? request.scopes
    : request.scopes.filter((scope) => choice.on.has(`scope.${scope}`))
  const capabilities =
    details.length > 0 ? details.flatMap((detail) => detail.capabilities) : chosenRules(offer, choice)
  // A grant without any capability is a beginning: the app can ask for single ones when it needs them.
  if (scopes.length === 0 && identityScopes.length === 0) return 'nothing'
  if (capabilities.length > MAX_RULES) return 'too-much'
  const seconds = Math.min(choice.seconds, ...details.map((detail) => detail.expires_in ?? Infinity))
  return {
    audiences: {
      ...(scopes.length === 0 ? {} : { [resource.identifier]: [...scopes] }),
      ...(identityScopes.length === 0 ? {} : { [where.issuer]: [...identityScopes] }),
    },
    capabilities,
    // Limits come with a single detail alone: a grant has one set of them for all its rules.
    limits: details[0]?.limits ?? {},
    expiresAt: where.nowMs + seconds * 1000,
  }
}

/** By their names. Where that is too much, the largest servers of which nothing was left off are named as a whole. */
function chosenRules(offer: readonly ServerOffer[], { on }: Choice): GrantTerms['capabilities'] {
  const chosen = offer.map(({ server, groups }) => {
    const kept = groups.filter((group) => on.has(switchName(server, group)))
    const names = new Set(kept.flatMap((group) => group.items.map((item) => item.capability)))
    return { server, names: [...names], isWhole: kept.length === groups.length }
  })
  let count = chosen.reduce((sum, { names }) => sum + names.length, 0)
  const rules = chosen
    .toSorted((left, right) => right.names.length - left.names.length)
    .map(({ server, names, isWhole }) => {
      const patterns = [...new Set(names.map((name) => `${name.slice(0, name.indexOf(':'))}:${server}/*`))]
      if (count <= MAX_RULES || !isWhole) return names
      count -= names.length - patterns.length
      return patterns
    })
  return rules.flat().map((capability) => ({ capability }))
}
