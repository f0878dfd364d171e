import { capabilityName, type CapabilityKind, type CapabilityName } from '@parley/contract'
import { noBundle, serversOf } from '../bundles/index.ts'
import type { ServerEntry } from '../registry/index.ts'
import { bundleOf, entryOf, noServer, type Call, type GatewayTools } from './call.ts'
import { resourceNames } from './resource-names.ts'
import { unknownTarget } from './unknown-target.ts'

/** What a caller may see, by the rule that also decides its calls. */
export interface Visibility {
  /** Whether a list tells of it: it may be called, or asked for. */
  shows(entry: ServerEntry, kind: CapabilityKind, name: string): boolean
}

export function visibilityFor(
  tools: Pick<GatewayTools, 'access' | 'bundles'>,
  { principal, scope }: Pick<Call, 'principal' | 'scope'>,
): Visibility {
  const isGranted = tools.access.visible(principal)
  const bundle = bundleOf(tools, scope)
  const isVisible = bundle
    ? (capability: CapabilityName) => bundle.includes(capability) && isGranted(capability)
    : isGranted
  return {
    shows(entry, kind, name) {
      if (kind !== 'resource') return isVisible(capabilityName({ kind, owner: entry.name, name }))
      let isGrantedSomehow = false
      let isIncluded = bundle === undefined
      for (const known of resourceNames(entry, name)) {
        isGrantedSomehow ||= isGranted(known)
        isIncluded ||= bundle!.includes(known)
      }
      return isGrantedSomehow && isIncluded
    },
  }
}

/**
 * Holds what belongs to a capability, such as its completions or its changes, to the rule for the capability itself. Throws as
 * a call would: what is missing where a person could allow it, and not found otherwise.
 */
export function requireUse(
  tools: Pick<GatewayTools, 'access' | 'challenges' | 'bundles'>,
  call: Pick<Call, 'principal' | 'resource' | 'scope'>,
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
  const bundle = bundleOf(tools, call.scope)
  if (bundle && !names.some((capability) => bundle.includes(capability)))
    throw unknownTarget(kind === 'prompt' ? 'prompt' : 'resource', said)
  const decisions = names.map((capability) =>
    tools.access.decide({ principal, action: 'mcp.call', capability }),
  )
  if (decisions.some((decision) => decision.kind === 'allow')) return
  if (decisions[0]!.kind === 'deny') throw unknownTarget(kind === 'prompt' ? 'prompt' : 'resource', said)
  throw tools.challenges(resource).insufficientScope([names[0]!])
}

/**
 * The entry of a single-server endpoint for what names no capability, such as a list. A server of which nothing is the
 * caller's is not there, and hears nothing of them; nor is a bundle of such servers.
 */
export function reachableEntry(
  tools: Pick<GatewayTools, 'access' | 'bundles' | 'registry'>,
  { principal, scope }: Pick<Call, 'principal' | 'scope'>,
): ServerEntry | undefined {
  const bundle = bundleOf(tools, scope)
  const isReached = ({ name }: ServerEntry) => tools.access.reaches(principal, name)
  if (bundle && !serversOf(bundle, tools.registry).some(isReached)) throw noBundle(bundle.name)
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
