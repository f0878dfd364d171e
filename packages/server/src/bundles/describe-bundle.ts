import {
  MERGED_NAME_SEPARATOR,
  capabilityName,
  type CapabilityKind,
  type CapabilityName,
} from '@parley/contract'
import type { Bundle } from './bundle.ts'

/** The approved names of one server; what the registry has of it is more. */
interface Offering {
  readonly name: string
  readonly catalog: Readonly<
    Record<'tools' | 'prompts' | 'templates' | 'resources', ReadonlyMap<string, unknown>>
  >
}

/** A capability that is in a bundle now, and what it is called there. */
export interface BundleMember {
  readonly capability: CapabilityName
  readonly name: string
}

/** What is approved and in the bundle, in the order of servers and names. */
export function membersOf(bundle: Bundle, registry: { entries(): readonly Offering[] }): BundleMember[] {
  return serversOf(bundle, registry).flatMap((entry) => {
    const { tools, prompts, templates, resources } = entry.catalog
    const of = (kind: CapabilityKind, names: Iterable<string>) =>
      [...names].flatMap((name) => {
        const capability = capabilityName({ kind, owner: entry.name, name })
        return bundle.includes(capability)
          ? [{ capability, name: listedName(bundle, entry, { kind, name }) }]
          : []
      })
    return [
      ...of('tool', tools.keys()),
      ...of('prompt', prompts.keys()),
      ...of('template', templates.keys()),
      ...of('resource', resources.keys()),
    ]
  })
}

/** The servers that the bundle names anything of. */
export function serversOf<entry extends { readonly name: string }>(
  bundle: Bundle,
  registry: { entries(): readonly entry[] },
): readonly entry[] {
  return registry.entries().filter(({ name }) => bundle.concerns(name))
}

function listedName(
  bundle: Bundle,
  { name: owner }: Offering,
  { kind, name }: { readonly kind: CapabilityKind; readonly name: string },
): string {
  if (kind === 'resource' || kind === 'template') return name
  return bundle.aliasOf(capabilityName({ kind, owner, name })) ?? owner + MERGED_NAME_SEPARATOR + name
}
