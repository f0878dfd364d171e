import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import { entryOf, type Call, type GatewayTools } from './call.ts'
import { mergedItems } from './merged-catalog.ts'
import { exchangeOnce, type ModernState } from './exchange-once.ts'
import { LIST_FIELDS, type ListMethod } from './protocol.ts'

/**
 * A list for a modern client. Merged: the approved definitions as they are stored. Single: the upstream's own page,
 * held item by item against the pins at this moment, so that a change is hidden before anyone sees it.
 */
export async function listForModern(tools: GatewayTools, state: ModernState, call: Call): Promise<Outcome> {
  const method = call.method as ListMethod
  const entry = entryOf(tools, call.scope)
  if (!entry) {
    const items = mergedItems(tools.registry, method)
    return {
      result: { resultType: 'complete', ttlMs: 0, cacheScope: 'private', [LIST_FIELDS[method].items]: items },
    }
  }
  const params = call.envelope.value('params')
  const outcome = await exchangeOnce(state, { call, entry, params: isObject(params) ? params : {} })
  return reviewList(entry, method, outcome)
}

/** The same list without what is not approved exactly as it stands. An upstream's `public` becomes `private`. */
export function reviewList(entry: ServerEntry, method: ListMethod, outcome: Outcome): Outcome {
  if ('error' in outcome) return outcome
  const { items: field, kind } = LIST_FIELDS[method]
  const items = outcome.result[field]
  if (!Array.isArray(items) || kind === undefined) return outcome
  const approved = firstOfEach(entry.review(kind, items), kind, items)
  if (approved.every(Boolean)) return outcome
  const result: JsonObject = { ...outcome.result, [field]: items.filter((_, at) => approved[at]) }
  return { result }
}

/** A name that a list shows twice counts once: which of the two a call would reach is not for the list to leave open. */
function firstOfEach(
  approved: readonly boolean[],
  kind: string,
  items: readonly unknown[],
): readonly boolean[] {
  const field = kind === 'template' ? 'uriTemplate' : 'name'
  const seen = new Set<unknown>()
  return approved.map((isApproved, at) => {
    const item = items[at]
    if (!isApproved || !isObject(item) || seen.has(item[field])) return false
    seen.add(item[field])
    return true
  })
}
