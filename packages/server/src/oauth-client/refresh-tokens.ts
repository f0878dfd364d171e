import { requestTokens, type TokenOutcome, type TokenPeers, type Tokens } from './token-request.ts'

/** New tokens for the same resource (OAuth 2.1 §4.3.1); what was not given anew stays. */
export async function refreshTokens(
  peers: TokenPeers,
  held: { readonly tokens: Tokens & { readonly refreshToken: string }; readonly resource: string },
): Promise<TokenOutcome> {
  const { tokens, resource } = held
  const outcome = await requestTokens(peers, {
    grant_type: 'refresh_token',
    refresh_token: tokens.refreshToken,
    resource,
  })
  if (outcome.kind === 'refused') return outcome
  const fresh = outcome.tokens
  return {
    kind: 'tokens',
    tokens: {
      ...fresh,
      refreshToken: fresh.refreshToken ?? tokens.refreshToken,
      scope: fresh.scope ?? tokens.scope,
    },
  }
}
