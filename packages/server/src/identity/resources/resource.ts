/** Something tokens can be for (RFC 8707): an MCP or A2A endpoint of the hub, its management API, or a server elsewhere. */
export interface Resource {
  /** The identifier as tokens carry it in `aud`: canonical, without a trailing slash where it is ours. */
  readonly identifier: string
  readonly kind: 'mcp' | 'a2a' | 'api' | 'outside'
  /** The scope that stands for the whole of a grant, where capabilities are used. */
  readonly wholeScope?: 'mcp' | 'a2a'
  /** For people. */
  readonly name: string
  /** The MCP server or the agent behind it, when it is only one. */
  readonly server?: string
  /** The bundle it is the endpoint of, when it is one. */
  readonly bundle?: string
  /** What is asked for when a client asks for nothing (MCP allows that). */
  readonly defaultScopes: readonly string[]
  /** Scopes with what they allow, in words for people. */
  readonly scopes: Readonly<Record<string, string>>
  /** Also the names of single capabilities, which are not listed. */
  hasScope(scope: string): boolean
}

/** The resources that are known now. */
export interface Resources {
  /** By any spelling that means the same (RFC 3986 §6.2); undefined for one that is not known. */
  find(identifier: string): Resource | undefined
  /**
   * What an identifier could be, while it is not known who asks: whoever has not signed in is answered alike whether there is
   * such a resource or not. Undefined for what can be none.
   */
  presume(identifier: string): Resource | undefined
  /** What a client means that names no resource: the endpoint with everything. */
  readonly fallback: Resource
}
