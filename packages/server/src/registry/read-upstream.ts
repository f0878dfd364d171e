import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { HUB_TERMS, type Channel, type ExchangeEvents, type Upstream } from '../upstream/index.ts'
import type { Definition } from './catalog.ts'
import { MAX_DEFINITIONS_PER_KIND, hashDefinition, readDefinition } from './definitions.ts'

/** All that an upstream defines at one moment. */
export interface Reading {
  readonly definitions: readonly Definition[]
  readonly resources: ReadonlyMap<string, JsonObject>
}

const MAX_PAGES = 100

/** Client requests are declined: the hub itself has nobody to ask. */
const DECLINE: ExchangeEvents = {
  notification() {},
  serverRequest: ({ method }) => {
    if (method === 'roots/list') return Promise.resolve({ result: { roots: [] } })
    if (method === 'elicitation/create') return Promise.resolve({ result: { action: 'decline' } })
    return Promise.resolve({ error: { code: -32601, message: 'Nobody is here to be asked.' } })
  },
}

/** The channel over which the hub reads for itself, with every client capability declared, so that nothing stays hidden. */
export async function openReader(upstream: Upstream, signal: AbortSignal): Promise<Channel> {
  const info = await upstream.info()
  if (info.era === '2026-07-28') return upstream.modern()
  const channel = await upstream.openSession(HUB_TERMS, signal)
  channel.setSessionEvents(DECLINE)
  return channel
}

/** Lists everything, page by page; what the upstream does not offer is empty. */
export async function readUpstream(channel: Channel, signal: AbortSignal): Promise<Reading> {
  const { capabilities, instructions } = channel.info
  const definitions: Definition[] = []
  const kinds = [
    ['tools', 'tools/list', 'tools', 'tool'],
    ['prompts', 'prompts/list', 'prompts', 'prompt'],
    ['resources', 'resources/templates/list', 'resourceTemplates', 'template'],
  ] as const
  for (const [capability, method, field, kind] of kinds) {
    if (!isObject(capabilities[capability])) continue
    const items = await listAll(channel, method, field, signal)
    definitions.push(
      ...items
        .slice(0, MAX_DEFINITIONS_PER_KIND)
        .map((item) => readDefinition(kind, item))
        .filter((one) => one !== undefined),
    )
  }
  if (instructions !== undefined) definitions.push(toInstructions(instructions))
  const listed = isObject(capabilities['resources'])
    ? await listAll(channel, 'resources/list', 'resources', signal)
    : []
  const resources = new Map<string, JsonObject>()
  for (const resource of listed) {
    if (isObject(resource) && typeof resource['uri'] === 'string' && resources.size < 10_000)
      resources.set(resource['uri'], resource)
  }
  return { definitions: unique(definitions), resources }
}

export function toInstructions(text: string): Definition {
  const body = { text }
  return { kind: 'instructions', name: 'instructions', hash: hashDefinition(body), body, paramHeaders: [] }
}

async function listAll(
  channel: Channel,
  method: string,
  field: string,
  signal: AbortSignal,
): Promise<unknown[]> {
  const items: unknown[] = []
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = { ...(cursor === undefined ? {} : { cursor }), ...metaFor(channel) }
    const outcome = await channel.exchange(
      method,
      Object.keys(params).length > 0 ? params : undefined,
      DECLINE,
      signal,
    )
    if ('error' in outcome) return items
    const found = outcome.result[field]
    if (Array.isArray(found)) items.push(...(found as unknown[]))
    const next = outcome.result['nextCursor']
    if (typeof next !== 'string' || next === cursor) return items
    cursor = next
  }
  return items
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

/** A name that is defined twice is kept once, as first defined. */
function unique(definitions: readonly Definition[]): Definition[] {
  const byKey = new Map<string, Definition>()
  for (const one of definitions) {
    const key = `${one.kind} ${one.name}`
    if (!byKey.has(key)) byKey.set(key, one)
  }
  return [...byKey.values()]
}
