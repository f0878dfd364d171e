import { capabilityName, type CapabilityName, type GrantHolder, type PersonId } from '@parley/contract'
import { EVERYONE, type Grants } from '../grants/index.ts'
import type { CapabilityGroup, DescribeCapabilities, Effect, OfferedCapability } from '../identity/index.ts'
import { isObject } from '../lib/json-rpc.ts'
import type { People } from '../people/index.ts'
import type { Definition, Registry, ServerEntry } from '../registry/index.ts'

const EFFECTS: readonly Effect[] = ['read', 'change', 'destroy']

/** What a person could allow an app: what is approved, and they are entitled to. */
export function createDescribeCapabilities(rooms: {
  readonly registry: Registry
  readonly grants: Pick<Grants, 'entitlementsOf' | 'covers'>
  readonly people: Pick<People, 'find'>
}): DescribeCapabilities {
  const { registry, grants, people } = rooms

  function isEntitled(person: PersonId): (capability: CapabilityName) => boolean {
    const groups = people.find(person)?.groups ?? []
    const holders: GrantHolder[] = [
      { kind: 'person', id: person },
      ...[EVERYONE, ...groups].map((id) => ({ kind: 'group', id }) as const),
    ]
    const entitlements = holders.flatMap((holder) => grants.entitlementsOf(holder))
    return (capability) => entitlements.some(({ id }) => grants.covers(id, capability).kind === 'covered')
  }

  return (resource, person) => {
    const allows = isEntitled(person)
    const entries = registry.entries().filter(({ name }) => (resource.server ?? name) === name)
    return entries
      .map((entry) => ({ server: entry.name, groups: groupsOf(entry, allows) }))
      .filter(({ groups }) => groups.length > 0)
  }
}

function groupsOf(entry: ServerEntry, allows: (capability: CapabilityName) => boolean): CapabilityGroup[] {
  const { tools, prompts, templates, resources } = entry.catalog
  const offers = [
    ...[...tools.values()].map((tool) => ({ effect: effectOf(tool), item: offer(entry, tool) })),
    ...[...prompts.values(), ...templates.values()].map((definition) => ({
      effect: 'read' as const,
      item: offer(entry, definition),
    })),
    ...(resources.size > 0 ? [{ effect: 'read' as const, item: allResources(entry) }] : []),
  ].filter(({ item }) => allows(item.capability as CapabilityName))
  return EFFECTS.map((effect) => ({
    effect,
    items: offers.filter((found) => found.effect === effect).map(({ item }) => item),
  })).filter(({ items }) => items.length > 0)
}

function offer(entry: ServerEntry, { kind, name, body }: Definition): OfferedCapability {
  const { title, description } = body
  return {
    capability: capabilityName({ kind: kind as 'tool' | 'prompt' | 'template', owner: entry.name, name }),
    title: typeof title === 'string' && title !== '' ? title : name,
    description: typeof description === 'string' ? description : undefined,
  }
}

/** Resources come and go, so that they are allowed together. */
function allResources({ name }: ServerEntry): OfferedCapability {
  return { capability: `resource:${name}/*`, title: 'Everything it lists to read', description: undefined }
}

/** As the server says it: a tool that says nothing may destroy (MCP, Tool Annotations). */
function effectOf({ body }: Definition): Effect {
  const annotations = isObject(body['annotations']) ? body['annotations'] : {}
  if (annotations['readOnlyHint'] === true) return 'read'
  return annotations['destructiveHint'] === false ? 'change' : 'destroy'
}
