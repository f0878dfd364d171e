import { CliError } from '../cli-error.ts'
import type { LoginStore, Tokens } from './login-store.ts'
import { requestTokens } from './request-tokens.ts'

/** A token is renewed this long before it ends, so that it does not end on the way. */
const EARLY_MS = 30_000

/** An access token for a resource of a hub that somebody is signed in to, renewed where it must be. */
export async function freshToken(logins: LoginStore, hub: string, resource: string): Promise<string> {
  const known = logins.find(hub)?.tokens[resource]
  if (known && isFresh(known)) return known.accessToken
  const login = await logins.change(hub, async (now) => {
    const tokens = now?.tokens[resource]
    // Another command may have renewed it while this one waited.
    if (!now || !tokens || isFresh(tokens)) return now
    const { [resource]: _ended, ...others } = now.tokens
    const renewed =
      tokens.refreshToken === null ? undefined : await renew(now.tokenEndpoint, resource, tokens.refreshToken)
    if (renewed) return { ...now, tokens: { ...others, [resource]: renewed } }
    return Object.keys(others).length === 0 ? undefined : { ...now, tokens: others }
  })
  const tokens = login?.tokens[resource]
  if (tokens) return tokens.accessToken
  throw new CliError(`You are not signed in for ${resource}, or no longer.`, {
    code: 'unauthenticated',
    hint: `parley login ${hub}`,
  })
}

function isFresh({ expiresAt }: Tokens): boolean {
  return Date.now() < expiresAt - EARLY_MS
}

async function renew(endpoint: string, resource: string, refreshToken: string): Promise<Tokens | undefined> {
  const answer = await requestTokens(endpoint, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    resource,
  })
  return answer.kind === 'tokens' ? answer.tokens : undefined
}
