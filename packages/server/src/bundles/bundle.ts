import { parseCapabilityName, type BundleTerms, type CapabilityName } from '@parley/contract'
import { matchesPattern } from '../grants/index.ts'

/** A selection of capabilities as the gateway asks it. */
export interface Bundle {
  readonly name: string
  readonly source: 'file' | 'api'
  readonly terms: BundleTerms
  includes(capability: CapabilityName): boolean
  /** Whether it names anything of the server: then its changes concern it. */
  concerns(server: string): boolean
  /** What a tool is called here, where that is not `server__tool`. */
  aliasOf(capability: CapabilityName): string | undefined
  /** The tool that is called so here. */
  byAlias(alias: string): CapabilityName | undefined
}

export function createBundle(name: string, source: Bundle['source'], terms: BundleTerms): Bundle {
  const exact = new Set<string>(terms.capabilities.filter((pattern) => !pattern.endsWith('*')))
  const patterns = terms.capabilities.filter((pattern) => pattern.endsWith('*'))
  const aliases = new Map<string, string>(Object.entries(terms.rename))
  const named = new Map([...aliases].map(([capability, alias]) => [alias, capability as CapabilityName]))
  return {
    name,
    source,
    terms,
    includes: (capability) =>
      exact.has(capability) || patterns.some((pattern) => matchesPattern(pattern, capability)),
    concerns: (server) => terms.capabilities.some((pattern) => canNameServer(pattern, server)),
    aliasOf: (capability) => aliases.get(capability),
    byAlias: (alias) => named.get(alias),
  }
}

/** `tool:files/*` names the server `files`; `tool:*` and `*` name every one. */
function canNameServer(pattern: string, server: string): boolean {
  const owner = parseCapabilityName(pattern)?.owner
  if (owner !== undefined) return owner === server
  const start = pattern.slice(0, -1)
  const colon = start.indexOf(':')
  return colon === -1 || `${server}/`.startsWith(start.slice(colon + 1))
}
