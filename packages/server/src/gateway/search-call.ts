import { CALL_TOOL, FIND_TOOLS } from '@parley/contract'
import { encodeHeaderValue } from '../lib/header-value.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { scanEnvelope, type Envelope } from '../lib/strict-json/index.ts'
import type { ParamHeader } from '../registry/index.ts'
import { bundleOf, limit, type Call, type GatewayTools } from './call.ts'
import { valueAt } from './check-headers.ts'
import { splice } from './lane-call.ts'
import { mergedName } from './merged-catalog.ts'
import type { McpHeaders } from './read-headers.ts'
import { resolveTarget } from './resolve-target.ts'
import { searchSettings } from './tool-list.ts'
import { visibilityFor } from './visibility.ts'

/** `go`: the call of the tool that was meant, to be served like any other. */
export type SearchStep =
  | { readonly kind: 'go'; readonly call: Call }
  | { readonly kind: 'answer'; readonly result: JsonObject }

const DEFAULT_LIMIT = 5
const MAX_LIMIT = 20
const MAX_QUERY_LENGTH = 1000

/** Whether the call is of `find_tools` or `call_tool`. No server's tool bears such a name where several are merged. */
export function isSearchCall({ method, scope, envelope }: Call): boolean {
  if (method !== 'tools/call' || scope.kind !== 'merged') return false
  return envelope.is('name', CALL_TOOL) || envelope.is('name', FIND_TOOLS)
}

/**
 * Answers `find_tools`, and takes the wrapping off a `call_tool`: what is inside then goes through the same steps as if
 * it had come so, under its own name in decision, consent and record.
 */
export function openSearchCall(tools: GatewayTools, call: Call): SearchStep {
  if (searchSettings(tools, call.scope).mode === 'off') return { kind: 'go', call }
  if (call.envelope.is('name', FIND_TOOLS)) {
    limit(tools, call.principal)
    return { kind: 'answer', result: findTools(tools, call) }
  }
  const inner = unwrap(call)
  if (inner === undefined)
    return { kind: 'answer', result: toolError(`${CALL_TOOL} takes {"name": "…", "arguments": {…}}.`) }
  return { kind: 'go', call: { ...inner, headers: mirrorArguments(tools, inner) } }
}

function findTools(tools: GatewayTools, call: Call): JsonObject {
  const args = call.envelope.value('arguments')
  const { query, limit: wanted, server } = isObject(args) ? args : ({} as JsonObject)
  if (typeof query !== 'string' || query.length > MAX_QUERY_LENGTH)
    return toolError(
      `${FIND_TOOLS} takes {"query": "what is to be done"}, of at most ${MAX_QUERY_LENGTH} characters.`,
    )
  const visibility = visibilityFor(tools, call)
  const bundle = bundleOf(tools, call.scope)
  const found = tools.search.find(query, {
    limit: Number.isInteger(wanted) ? Math.min(MAX_LIMIT, Math.max(1, Number(wanted))) : DEFAULT_LIMIT,
    accepts: ({ entry, definition }) =>
      (server === undefined || entry.name === server) && visibility.shows(entry, 'tool', definition.name),
  })
  const shown = found.map(({ entry, definition: { name, body } }) => ({
    ...body,
    name: mergedName(bundle, entry, { kind: 'tool', name }),
  }))
  const text =
    shown.length > 0
      ? JSON.stringify({ tools: shown })
      : 'Nothing was found. Say it in other words, or more briefly.'
  return { content: [{ type: 'text', text }], structuredContent: { tools: shown } }
}

/** The call inside; undefined where the arguments are none. The bytes of what is inside stay as they came. */
function unwrap(call: Call): Call | undefined {
  const { envelope } = call
  const outer = envelope.span('arguments')
  if (!outer) return undefined
  const { bytes } = envelope
  // The arguments have the form of a call's parameters, and are read as those of one.
  const inside = scanEnvelope(
    Buffer.concat([Buffer.from('{"params":'), bytes.subarray(outer.start, outer.end), Buffer.from('}')]),
  )
  const args = inside.span('arguments')
  if (inside.string('name') === undefined || (args && inside.bytes[args.start] !== 0x7b)) return undefined
  const rewritten = splice(bytes, [
    { span: envelope.span('name')!, json: textOf(inside, 'name') },
    { span: outer, json: args ? textOf(inside, 'arguments') : '{}' },
  ])
  return { ...call, envelope: scanEnvelope(rewritten) }
}

function textOf(envelope: Envelope, field: 'name' | 'arguments'): string {
  const { start, end } = envelope.span(field)!
  return envelope.bytes.toString('utf8', start, end)
}

/** The headers that a client would have sent with the tool itself (MCP 2026-07-28, Custom Headers from Tool Parameters). */
function mirrorArguments(tools: GatewayTools, inner: Call): McpHeaders {
  const { entry, name } = resolveTarget(tools, inner)
  const wanted: readonly ParamHeader[] = entry.catalog.tools.get(name)?.paramHeaders ?? []
  const args = wanted.length > 0 ? inner.envelope.value('arguments') : undefined
  const params = new Map<string, string>()
  for (const { header, path } of wanted) {
    const value = valueAt(args, path)
    if (value !== undefined && value !== null) params.set(header, encodeHeaderValue(String(value)))
  }
  return { ...inner.headers, name: encodeHeaderValue(inner.envelope.string('name')!), params }
}

/** What a model can mend is told to the model (MCP, Tools: Error Handling). */
function toolError(text: string): JsonObject {
  return { content: [{ type: 'text', text }], isError: true }
}
