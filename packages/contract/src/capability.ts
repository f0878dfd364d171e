/**
 * What can be granted. A skill is an A2A agent's; the rest are an MCP server's, and all but a connection can be called:
 * `connection:github/token` lets its holder have the token itself.
 */
export const CAPABILITY_KINDS = ['tool', 'resource', 'template', 'prompt', 'skill', 'connection'] as const
export type CapabilityKind = (typeof CAPABILITY_KINDS)[number]

/** `tool:github/create_issue`: kind, the server's or agent's name, and the name the owner gave it. */
export type CapabilityName = `${CapabilityKind}:${string}/${string}`

export interface Capability {
  readonly kind: CapabilityKind
  readonly owner: string
  readonly name: string
}

export function capabilityName(capability: Capability): CapabilityName {
  return `${capability.kind}:${capability.owner}/${capability.name}`
}

/** Reads a capability name; undefined when it is not one. The name may itself hold `/` and `:` (a URI does). */
export function parseCapabilityName(text: string): Capability | undefined {
  const colon = text.indexOf(':')
  const slash = text.indexOf('/', colon + 1)
  if (colon < 1 || slash < colon + 2 || slash === text.length - 1) return undefined
  const kind = CAPABILITY_KINDS.find((known) => known === text.slice(0, colon))
  if (!kind) return undefined
  return { kind, owner: text.slice(colon + 1, slash), name: text.slice(slash + 1) }
}

/** A server's or agent's name as it stands in addresses and before `__` in merged tool names. */
export const OWNER_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
export const OWNER_NAME_MAX_LENGTH = 40

/** What stands between the server's name and the tool's on the merged endpoint: `github__create_issue`. */
export const MERGED_NAME_SEPARATOR = '__'
