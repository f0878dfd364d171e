import { capabilityName, type CapabilityKind } from '@parley/contract'
import type { ServerEntry } from '../registry/index.ts'
import { entryOf, noServer, type Call, type GatewayTools } from './call.ts'
import { resourceNames } from './resource-names.ts'
import { unknownTarget } from './unknown-target.ts'

/** What a caller may see, by the rule that also decides its calls. */
export interface Visibility {
  /** Whether a list tells of it: it may be called, or asked for. */
  shows(entry: ServerEntry, kind: CapabilityKind, name: string): boolean
}

export function visibilityFor(
  tools: Pick<GatewayTools, 'access'>,
  { principal }: Pick<Call, 'principal'>,
): Visibility {
  const isVisible = tools.access.visible(principal)
  return {
    shows(entry, kind, name) {
      if (kind !== 'resource') return isVisible(capabilityName({ kind, owner: entry.name, name }))
      for (const known of resourceNames(entry, name)) if (isVisible(known)) return true
      return false
    },
  }
}

/**
 * Holds what belongs to a capability, such as its completions or its changes, to the rule for the capability itself. Throws as
 * a call would: what is missing where a person could allow it, and not found otherwise.
 */
export function requireUse(
  tools: Pick<GatewayTools, 'access' | 'challenges'>,
  call: Pick<Call, 'principal' | 'resource'>,
  what: {
    readonly entry: ServerEntry
    readonly kind: 'prompt' | 'template' | 'resource'
    readonly name: string
    /** As the caller said it. */
    readonly said: string
  },
): void {
  const { principal, resource } = call
  const { entry, kind, name, said } = what
  const names =
    kind === 'resource'
      ? [...resourceNames(entry, name)]
      : [capabilityName({ kind, owner: entry.name, name })]
  const decisions = names.map((capability) =>
    tools.access.decide({ principal, action: 'mcp.call', capability }),
  )
  if (decisions.some((decision) => decision.kind === 'allow')) return
  if (decisions[0]!.kind === 'deny') throw unknownTarget(kind === 'prompt' ? 'prompt' : 'resource', said)
  throw tools.challenges(resource).insufficientScope([names[0]!])
}

/**
 * The entry of a single-server endpoint for what names no capability, such as a list. A server of which nothing is the
 * caller's is not there, and hears nothing of them.
 */
export function reachableEntry(
  tools: Pick<GatewayTools, 'access' | 'registry'>,
  { principal, scope }: Pick<Call, 'principal' | 'scope'>,
): ServerEntry | undefined {
  const entry = entryOf(tools, scope)
  if (entry && !tools.access.reaches(principal, entry.name)) throw noServer(entry.name)
  return entry
}

/**
 * Whether a method that the hub knows nothing of may go through to the server: only for who may use all of its tools, because
 * nobody can say what it does. No tool bears such a name, so that only a pattern covers it.
 */
export function mayPass(
  tools: Pick<GatewayTools, 'access'>,
  { principal, method }: Pick<Call, 'principal' | 'method'>,
  entry: ServerEntry,
): boolean {
  const capability = capabilityName({ kind: 'tool', owner: entry.name, name: ` ${method}` })
  return tools.access.decide({ principal, action: 'mcp.call', capability }).kind === 'allow'
}
