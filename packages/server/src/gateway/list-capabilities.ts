import { stripDefinition } from '../content-guard/index.ts'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { Call, GatewayTools } from './call.ts'
import { mergedList } from './merged-catalog.ts'
import { exchangeOnce } from './exchange-once.ts'
import { LIST_FIELDS, type ListMethod } from './protocol.ts'
import { reachableEntry, visibilityFor, type Visibility } from './visibility.ts'
import type { ModernState } from './modern-state.ts'

/**
 * A list for a modern client. Merged: the approved definitions as they are stored. Single: the upstream's own page,
 * held item by item against the pins at this moment, so that a change is hidden before anyone sees it.
 */
export async function listForModern(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
): Promise<Outcome | { readonly resultJson: string }> {
  const method = call.method as ListMethod
  const entry = reachableEntry(tools, call)
  const visibility = visibilityFor(tools, call)
  if (!entry) return { resultJson: writeMerged(tools, state, call, { method, visibility }) }
  const params = call.envelope.value('params')
  const outcome = await exchangeOnce(state, { call, entry, params: isObject(params) ? params : {} })
  return reviewList(entry, outcome, { method, visibility })
}

function writeMerged(
  tools: GatewayTools,
  state: ModernState,
  call: Call,
  about: { readonly method: ListMethod; readonly visibility: Visibility },
): string {
  const { method } = about
  const { own, shown } = mergedList(tools, call, about)
  const { subject, grant } = call.principal
  const key = `${method} ${call.resource} ${grant ?? subject}`
  const items = own.map((item) => JSON.stringify(item))
  if (shown.length > 0) items.push(state.lists.write(key, shown))
  const field = LIST_FIELDS[method].items
  return `{"resultType":"complete","ttlMs":0,"cacheScope":"private","${field}":[${items.join(',')}]}`
}

/**
 * The same list without what is not approved exactly as it stands, or is not for this caller. An upstream's `public`
 * becomes `private`.
 */
export function reviewList(
  entry: ServerEntry,
  outcome: Outcome,
  { method, visibility }: { method: ListMethod; visibility: Visibility },
): Outcome {
  if ('error' in outcome) return outcome
  const { items: field, kind } = LIST_FIELDS[method]
  const items: readonly unknown[] | undefined = asList(outcome.result[field])
  if (!items) return outcome
  const approved =
    kind === undefined ? items.map(isObject) : firstOfEach(entry.review(kind, items), kind, items)
  const nameField = NAME_OF[kind ?? 'resource']
  const isShown = (item: unknown) =>
    isObject(item) && visibility.shows(entry, kind ?? 'resource', String(item[nameField]))
  const passed = items.filter((item, at) => approved[at] && isShown(item))
  const kept = entry.content.hidden === 'strip' ? passed.map(withoutHidden) : passed
  const isPrivate = outcome.result['cacheScope'] === 'private' || outcome.result['cacheScope'] === undefined
  if (kept.length === items.length && kept === passed && isPrivate) return outcome
  const result: JsonObject = {
    ...outcome.result,
    ...(isPrivate ? {} : { cacheScope: 'private' }),
    [field]: kept,
  }
  return { result }
}

const NAME_OF = { tool: 'name', prompt: 'name', template: 'uriTemplate', resource: 'uri' } as const

function withoutHidden(item: unknown): unknown {
  return isObject(item) ? stripDefinition(item) : item
}

function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
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
