import { A2A_VERSIONS, BINDINGS, type A2aVersion, type AgentInterface, type Binding } from '../a2a/index.ts'
import type { AgentTerms } from './agent-row.ts'

/** An interface of a card as it is seen from here. */
export interface JudgedInterface {
  readonly interface: AgentInterface
  /** `host:port`; undefined where the URL is none. */
  readonly host: string | undefined
  /** Why it is not used; undefined where it can be. */
  readonly why: string | undefined
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/**
 * What can be used of a card's interfaces, in the card's order (A2A §8.3.2), and the first of them. An interface is used
 * only at the origin where the card was found, or at a host that an administrator named (H6).
 */
export function chooseInterface(
  interfaces: readonly AgentInterface[],
  { cardUrl, terms }: { readonly cardUrl: string | null; readonly terms: AgentTerms },
): { readonly chosen: AgentInterface | undefined; readonly judged: readonly JudgedInterface[] } {
  const judged = interfaces.map((one) => {
    const isGrpc = one.protocolBinding === 'GRPC'
    const host = isGrpc || /^https?:\/\//i.test(one.url) ? hostOf(one.url) : undefined
    return { interface: one, host, why: faultOf(one, host, { cardUrl, terms }) }
  })
  return { chosen: judged.find(({ why }) => why === undefined)?.interface, judged }
}

function faultOf(
  { url, protocolBinding, protocolVersion }: AgentInterface,
  host: string | undefined,
  { cardUrl, terms }: { readonly cardUrl: string | null; readonly terms: AgentTerms },
): string | undefined {
  if (!isBinding(protocolBinding)) return `the binding ${protocolBinding} is not spoken here`
  const version = versionOf(protocolVersion)
  if (version === undefined) return `version ${protocolVersion} is not spoken here`
  if (host === undefined) return 'its URL is no address'
  if (terms.binding !== undefined && terms.binding !== protocolBinding) return `${terms.binding} was chosen`
  if (terms.version !== undefined && terms.version !== version) return `version ${terms.version} was chosen`
  if (terms.allowHosts.includes(host)) return undefined
  if (cardUrl !== null && isSameOrigin(url, cardUrl)) return undefined
  const where =
    cardUrl === null ? 'nobody has named its host' : "its origin is not that of the card's address"
  return `${where}; allow it with --allow-host ${host}`
}

/** `host:port`, also of gRPC targets, which may come without a scheme or with that of a resolver. */
export function hostOf(address: string): string | undefined {
  const bare = address.replace(/^dns:\/{0,3}/i, '')
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(bare) ? bare : `https://${bare}`)
  if (!url || url.hostname === '' || url.username !== '' || url.password !== '') return undefined
  const port = url.port || DEFAULT_PORTS[url.protocol]
  return port === undefined ? undefined : `${url.hostname}:${port}`
}

/** A scheme that is not said counts as the card's own: gRPC targets are host and port. */
function isSameOrigin(address: string, cardUrl: string): boolean {
  const url = URL.parse(address)
  const card = new URL(cardUrl)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url.origin === card.origin
  return hostOf(address) === hostOf(cardUrl)
}

function isBinding(text: string): text is Binding {
  return (BINDINGS as readonly string[]).includes(text)
}

/** A patch level must not be considered (A2A §3.6). */
export function versionOf(text: string): A2aVersion | undefined {
  const majorMinor = /^\d{1,4}\.\d{1,4}(?=\.\d{1,4}$|$)/.exec(text)?.[0]
  return A2A_VERSIONS.find((version) => version === majorMinor)
}
