import { MERGED_NAME_SEPARATOR, ParleyError, capabilityName, parseCapabilityName } from '@parley/contract'
import type { Bundle } from '../bundles/index.ts'
import { matchesTemplate } from '../lib/uri-template.ts'
import type { ServerEntry } from '../registry/index.ts'
import { bundleOf, entryOf, type Call, type GatewayTools, type Scope, type Target } from './call.ts'
import { resourceNames } from './resource-names.ts'
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
  kind: 'tool' | 'prompt',
): { entry: ServerEntry; name: string } {
  const single = entryOf(tools, scope)
  if (single) return { entry: single, name: full }
  const bundle = bundleOf(tools, scope)
  if (bundle) return splitBundled(tools, bundle, { full, kind })
  const at = full.indexOf(MERGED_NAME_SEPARATOR)
  const entry = at > 0 ? tools.registry.entry(full.slice(0, at)) : undefined
  if (!entry) throw unknownTarget(kind, full)
  return { entry, name: full.slice(at + MERGED_NAME_SEPARATOR.length) }
}

/** The same within a bundle: what it does not include is not there, and what it renames has that name alone. */
function splitBundled(
  tools: GatewayTools,
  bundle: Bundle,
  { full, kind }: { readonly full: string; readonly kind: 'tool' | 'prompt' },
): { entry: ServerEntry; name: string } {
  const renamed = kind === 'tool' ? parseCapabilityName(bundle.byAlias(full) ?? '') : undefined
  if (renamed) {
    const entry = tools.registry.entry(renamed.owner)
    if (!entry) throw unknownTarget(kind, full)
    return { entry, name: renamed.name }
  }
  const found = splitName(tools, { kind: 'merged' }, full, kind)
  const capability = capabilityName({ kind, owner: found.entry.name, name: found.name })
  if (!bundle.includes(capability) || bundle.aliasOf(capability) !== undefined)
    throw unknownTarget(kind, full)
  return found
}

/** The server that listed the URI, or else the first whose template fits it; servers are asked in name order. */
export function ownerOfUri(tools: GatewayTools, scope: Scope, uri: string): ServerEntry {
  const single = entryOf(tools, scope)
  if (single) return single
  const bundle = bundleOf(tools, scope)
  const all = tools.registry.entries()
  const entries = bundle ? all.filter((entry) => includesResource(bundle, entry, uri)) : all
  const owner =
    entries.find((entry) => entry.catalog.resources.has(uri)) ??
    entries.find((entry) =>
      [...entry.catalog.templates.keys()].some((template) => matchesTemplate(template, uri)),
    )
  if (!owner) throw unknownTarget('resource', uri)
  return owner
}

/** A resource is in a bundle by its own name or by that of a template that it fits. */
export function includesResource(bundle: Bundle, entry: ServerEntry, uri: string): boolean {
  for (const capability of resourceNames(entry, uri)) if (bundle.includes(capability)) return true
  return false
}
