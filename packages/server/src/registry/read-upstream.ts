import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import {
  HUB_TERMS,
  type Channel,
  type Credential,
  type ExchangeEvents,
  type Upstream,
  type UpstreamInfo,
} from '../upstream/index.ts'
import type { DefinitionKind } from './catalog.ts'
import {
  checkDefinition,
  checkInstructions,
  type CheckedDefinition,
  type SoundDefinition,
} from './check-definition.ts'

/** All that an upstream defines at one moment. */
export interface Reading {
  readonly info: UpstreamInfo
  readonly definitions: readonly SoundDefinition[]
  readonly resources: ReadonlyMap<string, JsonObject>
  /** What was offered and cannot be taken in, in words for people. At most 20, the last one a count. */
  readonly omitted: readonly string[]
  /** How long the upstream says its lists stay fresh, if it says so: the shortest of them. */
  readonly ttlMs: number | undefined
}

/** The largest public services have some 1,500 operations. */
export const MAX_DEFINITIONS_PER_KIND = 2000
const MAX_RESOURCES = 10_000
const MAX_RESOURCE_CHARACTERS = 16_384
/** Of all definitions, and of all resources, in canonical form or as JSON: what a server can make the hub hold. */
const MAX_READING_CHARACTERS = 16 * 1024 * 1024
const MAX_PAGES = 200
const MAX_OMITTED = 20
const METHOD_NOT_FOUND = -32_601

/** What is read, and where it stands in the answer. */
export const LISTS = [
  { capability: 'tools', method: 'tools/list', field: 'tools', kind: 'tool' },
  { capability: 'prompts', method: 'prompts/list', field: 'prompts', kind: 'prompt' },
  {
    capability: 'resources',
    method: 'resources/templates/list',
    field: 'resourceTemplates',
    kind: 'template',
  },
] as const

/** Client requests are declined: the hub itself has nobody to ask. */
const DECLINE: ExchangeEvents = {
  notification() {},
  serverRequest: ({ method }) => {
    if (method === 'roots/list') return Promise.resolve({ result: { roots: [] } })
    if (method === 'elicitation/create') return Promise.resolve({ result: { action: 'decline' } })
    return Promise.resolve({ error: { code: METHOD_NOT_FOUND, message: 'Nobody is here to be asked.' } })
  },
}

/** The channel over which the hub reads for itself, with every client capability declared, so that nothing stays hidden. */
export async function openReader(
  upstream: Upstream,
  signal: AbortSignal,
  credential?: Credential,
): Promise<Channel> {
  const info = await upstream.info()
  if (info.era === '2026-07-28') return upstream.modern(credential)
  const channel = await upstream.openSession({ ...HUB_TERMS, credential }, signal)
  void channel.setSessionEvents(DECLINE)
  return channel
}

/**
 * Reads everything, page by page. What the upstream does not offer is empty; any other failure fails the whole
 * reading, so that half a list is never taken for the whole one.
 */
export async function readUpstream(channel: Channel, signal: AbortSignal): Promise<Reading> {
  const info = await readInfo(channel, signal)
  const draft = new ReadingDraft()
  const lister: Lister = { channel, signal, draft }
  for (const { capability, method, field, kind } of LISTS) {
    if (!isObject(info.capabilities[capability])) continue
    const list = { method, field, limit: MAX_DEFINITIONS_PER_KIND }
    await listAll(lister, list, (item) => draft.take(kind, checkDefinition(kind, item)))
  }
  if (info.instructions !== undefined) draft.take('instructions', checkInstructions(info.instructions))
  if (isObject(info.capabilities['resources'])) {
    const list = { method: 'resources/list', field: 'resources', limit: MAX_RESOURCES }
    await listAll(lister, list, (item) => draft.takeResource(item))
  }
  return draft.finish(info)
}

/** A modern server is asked again what it is: its instructions and capabilities may have changed. */
async function readInfo(channel: Channel, signal: AbortSignal): Promise<UpstreamInfo> {
  const { info } = channel
  if (info.era !== '2026-07-28') return info
  const outcome = await channel.exchange('server/discover', { ...metaFor(channel) }, DECLINE, signal)
  if ('error' in outcome) throw refused('server/discover', outcome.error.message)
  const { capabilities, instructions } = outcome.result
  return {
    ...info,
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions: typeof instructions === 'string' ? instructions : undefined,
    discover: outcome.result,
  }
}

/** How many items a list's first page holds; for testing a server. */
export async function countItems(
  channel: Channel,
  list: (typeof LISTS)[number],
  signal: AbortSignal,
): Promise<number> {
  const meta = metaFor(channel)
  const params = Object.keys(meta).length === 0 ? undefined : meta
  const outcome = await channel.exchange(list.method, params, DECLINE, signal)
  if ('error' in outcome) throw refused(list.method, outcome.error.message)
  const items = outcome.result[list.field]
  return Array.isArray(items) ? items.length : 0
}

interface Lister {
  readonly channel: Channel
  readonly signal: AbortSignal
  readonly draft: ReadingDraft
}

/** Hands on each item as its page comes, so that no page is kept for the sake of the next. */
async function listAll(
  { channel, signal, draft }: Lister,
  list: { readonly method: string; readonly field: string; readonly limit: number },
  take: (item: unknown) => void,
): Promise<void> {
  let count = 0
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = { ...(cursor === undefined ? {} : { cursor }), ...metaFor(channel) }
    const isEmpty = Object.keys(params).length === 0
    const outcome = await channel.exchange(list.method, isEmpty ? undefined : params, DECLINE, signal)
    if ('error' in outcome) {
      if (outcome.error.code === METHOD_NOT_FOUND && page === 0) return
      throw refused(list.method, outcome.error.message)
    }
    const { [list.field]: found, nextCursor, ttlMs } = outcome.result
    if (!Array.isArray(found)) {
      throw new ParleyError('upstream_invalid', `The server answered ${list.method} without ${list.field}.`)
    }
    draft.noteTtl(ttlMs)
    for (const item of found as unknown[]) {
      if (++count > list.limit) return draft.omit(`${list.field} beyond ${list.limit}`)
      take(item)
    }
    if (typeof nextCursor !== 'string' || nextCursor === cursor) return
    cursor = nextCursor
  }
  draft.omit(`${list.field} beyond ${MAX_PAGES} pages`)
}

function refused(method: string, message: string): ParleyError {
  return new ParleyError('upstream_invalid', `The server refused ${method}: ${message.slice(0, 200)}`)
}

function metaFor(channel: Channel): JsonObject {
  if (channel.info.era !== '2026-07-28') return {}
  return {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': HUB_TERMS.clientInfo,
      'io.modelcontextprotocol/clientCapabilities': HUB_TERMS.capabilities,
    },
  }
}

/** A reading as it grows. */
class ReadingDraft {
  readonly #definitions = new Map<string, SoundDefinition>()
  readonly #resources = new Map<string, JsonObject>()
  readonly #omitted: string[] = []
  #omissions = 0
  #definitionBytes = 0
  #resourceCharacters = 0
  #ttlMs: number | undefined

  take(kind: DefinitionKind, checked: CheckedDefinition): void {
    if (checked.kind === 'unusable') return this.omit(`${kind} "${checked.name}": ${checked.reason}`)
    const { definition } = checked
    const key = definitionKey(kind, definition.name)
    const earlier = this.#definitions.get(key)
    if (!earlier) this.#add(key, definition)
    // A name that is listed twice is kept once, as it stood first.
    else if (earlier.hash !== definition.hash)
      this.omit(`${kind} "${definition.name.slice(0, 64)}": listed twice`)
  }

  #add(key: string, definition: SoundDefinition): void {
    this.#definitionBytes += definition.bytes
    if (this.#definitionBytes <= MAX_READING_CHARACTERS) this.#definitions.set(key, definition)
    else this.omit(`${definition.kind} "${definition.name.slice(0, 64)}": too much in all`)
  }

  takeResource(item: unknown): void {
    if (!isObject(item) || typeof item['uri'] !== 'string') return
    const { length } = JSON.stringify(item)
    this.#resourceCharacters += length
    if (length > MAX_RESOURCE_CHARACTERS || this.#resourceCharacters > MAX_READING_CHARACTERS)
      this.omit(`resource "${item['uri'].slice(0, 64)}": too large`)
    else this.#resources.set(item['uri'], item)
  }

  noteTtl(ttlMs: unknown): void {
    if (typeof ttlMs === 'number' && ttlMs > 0) this.#ttlMs = Math.min(ttlMs, this.#ttlMs ?? ttlMs)
  }

  omit(what: string): void {
    this.#omissions++
    if (this.#omitted.length < MAX_OMITTED - 1) this.#omitted.push(what)
  }

  finish(info: UpstreamInfo): Reading {
    const more = this.#omissions - this.#omitted.length
    return {
      info,
      definitions: [...this.#definitions.values()],
      resources: this.#resources,
      omitted: more > 0 ? [...this.#omitted, `and ${more} more`] : this.#omitted,
      ttlMs: this.#ttlMs,
    }
  }
}

/** How a definition is known within its server. */
export function definitionKey(kind: DefinitionKind, name: string): string {
  return `${kind} ${name}`
}
