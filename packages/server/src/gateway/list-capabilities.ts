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

/**
 * The same list without what is not approved exactly as it stands, and without what stands twice on its page. An
 * upstream's `public` becomes `private`.
 */
export function reviewList(entry: ServerEntry, method: ListMethod, outcome: Outcome): Outcome {
  if ('error' in outcome) return outcome
  const { items: field, kind } = LIST_FIELDS[method]
  const items = outcome.result[field]
  if (!Array.isArray(items) || kind === undefined) return outcome
  const approved = entry.review(kind, items)
  const kept = uniqueByName(
    kind,
    items.filter((_, at) => approved[at]),
  )
  if (kept.length === items.length) return outcome
  const result: JsonObject = { ...outcome.result, [field]: kept }
  return { result }
}

/** Two approved items of one name are the same definition sent twice. */
function uniqueByName(kind: 'tool' | 'prompt' | 'template', items: readonly unknown[]): unknown[] {
  const member = kind === 'template' ? 'uriTemplate' : 'name'
  const seen = new Set<unknown>()
  return items.filter((item) => {
    const name = isObject(item) ? item[member] : undefined
    return !seen.has(name) && seen.add(name)
  })
}
