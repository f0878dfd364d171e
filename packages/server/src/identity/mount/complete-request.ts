import type { Resources } from '../resources/resource.ts'

const IDENTITY_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

/**
 * Fills in what an authorization request may leave out, before the provider sees it. MCP clients may name no scope, and old
 * ones name no resource; the provider would refuse the first and issue a token for nothing for the second.
 */
export function completeAuthorizationRequest(parameters: URLSearchParams, resources: Resources): void {
  // RFC 9126 §4: everything else was said when the request was pushed.
  if (parameters.has('request_uri')) return
  const asked = parameters.get('resource')
  const resource = asked === null || asked === '' ? resources.fallback : resources.presume(asked)
  if (resource) parameters.set('resource', resource.identifier)
  const askedScopes = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  const scopes = askedScopes.every((scope) => IDENTITY_SCOPES.has(scope))
    ? [...askedScopes, ...(resource?.defaultScopes ?? [])]
    : askedScopes
  parameters.set('scope', [...new Set(scopes)].join(' '))
  askForConsent(parameters, scopes)
  if (!scopes.includes('openid')) withoutOpenId(parameters)
}

/** Writes the resource in its canonical form; one that is not known stays as it is, to be refused. */
export function completeResource(parameters: URLSearchParams, resources: Resources): void {
  const resource = resources.find(parameters.get('resource') ?? '')
  if (resource) parameters.set('resource', resource.identifier)
}

/** OpenID Connect ignores `offline_access` without `prompt=consent` (Core §11); our page asks in any case. */
function askForConsent(parameters: URLSearchParams, scopes: readonly string[]): void {
  const prompts = (parameters.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '')
  if (!scopes.includes('offline_access') || prompts.includes('none') || prompts.includes('consent')) return
  parameters.set('prompt', [...prompts, 'consent'].join(' '))
}

/** RFC 9470 §4 has `acr_values` and `max_age` for any OAuth request; the provider only for OpenID Connect. */
function withoutOpenId(parameters: URLSearchParams): void {
  for (const name of ['acr_values', 'max_age']) {
    const value = parameters.get(name)
    if (value !== null) parameters.set(`parley_${name}`, value)
    parameters.delete(name)
  }
  for (const name of ['nonce', 'claims', 'id_token_hint', 'claims_locales']) parameters.delete(name)
}
