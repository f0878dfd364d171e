import { MERGED_NAME_SEPARATOR, ParleyError } from '@parley/contract'
import { matchesTemplate } from '../lib/uri-template.ts'
import type { ServerEntry } from '../registry/index.ts'
import { entryOf, type Call, type GatewayTools, type Scope, type Target } from './call.ts'
import { unknownTarget } from './unknown-target.ts'
import { visibilityFor } from './visibility.ts'

/** Finds what `tools/call`, `prompts/get` or `resources/read` is aimed at, and that it is not held back. */
export function resolveTarget(tools: GatewayTools, call: Call): Target {
  const { method, scope, envelope } = call
  if (method === 'resources/read') {
    const uri = envelope.string('uri')
    if (uri === undefined) throw new ParleyError('invalid_params', 'params.uri must be a string.')
    return { entry: ownerOfUri(tools, scope, uri), kind: 'resource', name: uri }
  }
  const kind = method === 'tools/call' ? 'tool' : 'prompt'
  const full = envelope.string('name')
  if (full === undefined) throw new ParleyError('invalid_params', 'params.name must be a string.')
  const { entry, name } = splitName(tools, scope, full, kind)
  const definition = (kind === 'tool' ? entry.catalog.tools : entry.catalog.prompts).get(name)
  if (definition) {
    call.definitionHash = definition.hash
    return { entry, kind, name }
  }
  if (entry.standing(kind, name) === 'quarantined' && visibilityFor(tools, call).shows(entry, kind, name)) {
    throw new ParleyError(
      'quarantined',
      `The ${kind} "${name}" is new or has changed since it was approved; \`parley servers review ${entry.name}\` shows how.`,
    )
  }
  throw unknownTarget(kind, full)
}

/** `github__create_issue` → github's `create_issue`; on a single-server endpoint the name is the server's own. */
export function splitName(
  tools: GatewayTools,
  scope: Scope,
  full: string,
  kind: string,
): { entry: ServerEntry; name: string } {
  const single = entryOf(tools, scope)
  if (single) return { entry: single, name: full }
  const at = full.indexOf(MERGED_NAME_SEPARATOR)
  const entry = at > 0 ? tools.registry.entry(full.slice(0, at)) : undefined
  if (!entry) throw unknownTarget(kind, full)
  return { entry, name: full.slice(at + MERGED_NAME_SEPARATOR.length) }
}

/** The server that listed the URI, or else the first whose template fits it; servers are asked in name order. */
export function ownerOfUri(tools: GatewayTools, scope: Scope, uri: string): ServerEntry {
  const single = entryOf(tools, scope)
  if (single) return single
  const entries = tools.registry.entries()
  const owner =
    entries.find((entry) => entry.catalog.resources.has(uri)) ??
    entries.find((entry) =>
      [...entry.catalog.templates.keys()].some((template) => matchesTemplate(template, uri)),
    )
  if (!owner) throw unknownTarget('resource', uri)
  return owner
}
