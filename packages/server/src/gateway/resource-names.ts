import { capabilityName, type CapabilityName } from '@parley/contract'
import { matchesTemplate } from '../lib/uri-template.ts'
import type { ServerEntry } from '../registry/index.ts'

/**
 * The names by which a resource can be granted: its own, and those of the templates that its URI fits. One of them is
 * enough.
 */
export function* resourceNames(entry: ServerEntry, uri: string): Generator<CapabilityName> {
  yield capabilityName({ kind: 'resource', owner: entry.name, name: uri })
  for (const template of entry.catalog.templates.keys()) {
    if (matchesTemplate(template, uri))
      yield capabilityName({ kind: 'template', owner: entry.name, name: template })
  }
}
