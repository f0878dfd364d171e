import type { CapabilityName, PersonId } from '@parley/contract'
import type { Bundle, Bundles } from '../bundles/index.ts'
import type { AgentEntry, Directory } from '../directory/index.ts'
import type { CapabilityGroup, DescribeCapabilities, Effect, ServerOffer } from '../identity/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Registry, ServerEntry } from '../registry/index.ts'

/** Longer texts of a server are cut: a page is to be read, and the whole of it is with the administrator. */
const MAX_DESCRIPTION = 300
const EFFECTS: readonly Effect[] = ['read', 'change', 'destroy']

type Item = CapabilityGroup['items'][number] & { readonly effect: Effect }

/**
 * What a person may allow an app: approved capabilities, as far as the person is entitled to them, and at a bundle's
 * endpoint those that are in it.
 */
export function createDescribeCapabilities(
  {
    registry,
    bundles,
    agents,
  }: {
    readonly registry: Pick<Registry, 'entries'>
    readonly bundles: Pick<Bundles, 'find'>
    readonly agents: Pick<Directory, 'entries'>
  },
  isEntitled: (person: PersonId, capability: CapabilityName) => boolean,
): DescribeCapabilities {
  return (resource, person) => {
    if (resource.kind === 'a2a') return offerOfAgents(agents.entries(), resource.server, person)
    const bundle = resource.bundle === undefined ? undefined : bundles.find(resource.bundle)
    if (resource.bundle !== undefined && !bundle) return []
    const entries = registry
      .entries()
      .filter(({ name }) => resource.server === undefined || resource.server === name)
    const offers = entries.map((entry): ServerOffer => {
      const known = bundle ? itemsOf(entry).flatMap((item) => withinBundle(bundle, item)) : itemsOf(entry)
      const items = known.filter((item) => isEntitled(person, item.capability as CapabilityName))
      const groups = EFFECTS.map((effect) => ({
        effect,
        items: items.filter((item) => item.effect === effect),
      }))
      return { server: entry.name, groups: groups.filter((group) => group.items.length > 0) }
    })
    return offers.filter(({ groups }) => groups.length > 0)
  }

  /** What an agent does is its own affair: its skills count as what changes things. */
  function offerOfAgents(
    entries: readonly AgentEntry[],
    only: string | undefined,
    person: PersonId,
  ): ServerOffer[] {
    return entries
      .filter(({ name }) => only === undefined || only === name)
      .map(({ name, skills }): ServerOffer => {
        const items = skills
          .map((skill): Item => ({
            capability: `skill:${name}/${skill.id}`,
            ...wordsOf(skill.id, { title: skill.name, description: skill.description }),
            effect: 'change',
          }))
          .filter((item) => isEntitled(person, item.capability as CapabilityName))
        return { server: name, groups: items.length === 0 ? [] : [{ effect: 'change', items }] }
      })
      .filter(({ groups }) => groups.length > 0)
  }
}

function itemsOf({ name, catalog }: ServerEntry): Item[] {
  const tools = [...catalog.tools.values()].map((tool): Item => ({
    capability: `tool:${name}/${tool.name}`,
    ...wordsOf(tool.name, tool.body),
    effect: effectOf(tool.body),
  }))
  const prompts = [...catalog.prompts.values()].map((prompt): Item => ({
    capability: `prompt:${name}/${prompt.name}`,
    ...wordsOf(prompt.name, prompt.body),
    effect: 'read',
  }))
  const hasData = catalog.resources.size > 0 || catalog.templates.size > 0
  return [...tools, ...prompts, ...(hasData ? dataOf(name) : [])]
}

/** Resources have no fixed names: they are granted as a whole. */
function dataOf(server: string): Item[] {
  const words = { description: undefined, effect: 'read' as const }
  return [
    { capability: `resource:${server}/*`, title: 'Its resources, as they come and go', ...words },
    { capability: `template:${server}/*`, title: 'Resources found by a pattern', ...words },
  ]
}

/** A pattern for resources that is wider than the bundle gives way to the bundle's own. */
function withinBundle(bundle: Bundle, item: Item): Item[] {
  const { capability } = item
  if (bundle.includes(capability as CapabilityName)) return [item]
  if (!capability.endsWith('/*')) return []
  const start = capability.slice(0, -1)
  return bundle.terms.capabilities
    .filter((pattern) => pattern.startsWith(start))
    .map((pattern) => ({
      ...item,
      capability: pattern as Item['capability'],
      title: pattern.slice(start.length),
    }))
}

function wordsOf(name: string, body: JsonObject): { title: string; description: string | undefined } {
  const { title, description } = body
  return {
    title: typeof title === 'string' && title !== '' ? title : name,
    description:
      typeof description === 'string' && description.length > MAX_DESCRIPTION
        ? `${description.slice(0, MAX_DESCRIPTION)}…`
        : typeof description === 'string'
          ? description
          : undefined,
  }
}

/** MCP tool annotations with their defaults: what does not say otherwise changes things, and may destroy. */
function effectOf({ annotations }: JsonObject): Effect {
  const hints = typeof annotations === 'object' && annotations !== null ? (annotations as JsonObject) : {}
  if (hints['readOnlyHint'] === true) return 'read'
  return hints['destructiveHint'] === false ? 'change' : 'destroy'
}
