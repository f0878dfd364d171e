/** RFC 6749 §3.3: scope-tokens with single spaces between them. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/
const MAX_SCOPE_LENGTH = 4096

export function isScope(text: string): boolean {
  return text.length <= MAX_SCOPE_LENGTH && SCOPE.test(text)
}

export interface ScopeSources {
  /** Of the challenge that leads to this authorization. */
  readonly challenged: string | undefined
  /** `scopes_supported` of the resource. */
  readonly ofResource: readonly string[] | undefined
  /** What was asked for the last time, when this is a step up. */
  readonly previous: string | undefined
  /** `scopes_supported` of the authorization server. */
  readonly ofServer: readonly string[] | undefined
}

/** What to ask for (MCP, Scope Selection Strategy, and Step-Up Authorization Flow); undefined leaves `scope` out. */
export function chooseScope({
  challenged,
  ofResource,
  previous,
  ofServer,
}: ScopeSources): string | undefined {
  const wanted = challenged?.split(' ') ?? (previous === undefined ? ofResource : undefined)
  if (wanted === undefined && previous === undefined) return undefined
  // What was granted before is not lost over what is needed now.
  const scopes = new Set([...(previous?.split(' ') ?? []), ...(wanted ?? [])])
  if (scopes.size === 0) return undefined
  // MCP, Refresh Tokens: only where the authorization server knows it.
  if (ofServer?.includes('offline_access')) scopes.add('offline_access')
  const scope = [...scopes].join(' ')
  return isScope(scope) ? scope : undefined
}

/** True when everything of `wanted` is in `granted`: asking once more would lead nowhere. */
export function coversScope(granted: string | undefined, wanted: string): boolean {
  const have = new Set(granted?.split(' '))
  return wanted.split(' ').every((scope) => have.has(scope))
}
