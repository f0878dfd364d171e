import type { CapabilityName, Grant } from '@parley/contract'
import type { Coverage } from '../../grants/index.ts'
import type { Effect, ServerOffer } from '../consent/capability-offer.ts'
import { limitsInWords, ruleInWords } from '../consent/terms-in-words.ts'
import type { Resources } from '../resources/resource.ts'

/** What a grant lets its holder do now at one server: its rules, held against what is there and the person may use. */
export interface ServerPart {
  readonly server: string
  readonly counts: Readonly<Record<Effect, number>>
}

export interface GrantWords {
  readonly servers: readonly ServerPart[]
  /** Each rule as it stands in the grant. */
  readonly rules: readonly string[]
  readonly limits: readonly string[]
  /** Scopes at the hub's own API and at servers elsewhere, in their owner's words. */
  readonly scopes: readonly { readonly resource: string; readonly words: readonly string[] }[]
}

export interface GrantReader {
  readonly resources: Resources
  /** Everything that the person could allow. */
  readonly offer: readonly ServerOffer[]
  readonly covers: (id: Grant['id'], capability: CapabilityName) => Coverage
}

export function describeGrant(grant: Grant, reader: GrantReader): GrantWords {
  const { capabilities, limits, audiences } = grant.terms
  return {
    servers: reader.offer.flatMap(({ server, groups }) => {
      const counts = { read: 0, change: 0, destroy: 0 }
      for (const { effect, items } of groups)
        for (const item of items) if (isCovered(grant, item.capability, reader)) counts[effect] += 1
      return counts.read + counts.change + counts.destroy === 0 ? [] : [{ server, counts }]
    }),
    rules: capabilities.map(ruleInWords),
    limits: limitsInWords(limits),
    scopes: Object.entries(audiences).flatMap(([audience, scopes]) => {
      const resource = reader.resources.find(audience)
      if (!resource || resource.wholeScope !== undefined) return []
      return [{ resource: resource.name, words: scopes.map((scope) => resource.scopes[scope] ?? scope) }]
    }),
  }
}

/** The offer has patterns for what has no fixed names: a grant that holds the pattern covers its own beginning. */
function isCovered(grant: Grant, capability: string, { covers }: GrantReader): boolean {
  return covers(grant.id, capability as CapabilityName).kind === 'covered'
}
