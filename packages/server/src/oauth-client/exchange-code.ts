import type { Authorization } from './start-authorization.ts'
import { requestTokens, type TokenOutcome } from './token-request.ts'
import type { OAuthHttp } from './oauth-http.ts'

/** The code of a checked callback for tokens (OAuth 2.1 §4.1.3). */
export async function exchangeCode(
  http: OAuthHttp,
  authorization: Authorization,
  { code, now }: { readonly code: string; readonly now: number },
): Promise<TokenOutcome> {
  const { server, client, verifier, resource, scope } = authorization
  const outcome = await requestTokens(
    { http, server, client, now },
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
      resource,
    },
  )
  if (outcome.kind === 'refused') return outcome
  // OAuth 2.1 §3.2.3: nothing said means what was asked for.
  return { kind: 'tokens', tokens: { ...outcome.tokens, scope: outcome.tokens.scope ?? scope } }
}
