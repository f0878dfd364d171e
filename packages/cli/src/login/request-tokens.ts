import { ask } from '../ask.ts'
import { CliError } from '../cli-error.ts'
import { isObject } from '../read-response.ts'
import type { Tokens } from './login-store.ts'

/** The command line is registered at every hub under this name. */
export const CLIENT_ID = 'parley-cli'

export type TokenAnswer =
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  /** `invalid_grant`: what was presented is used up, revoked or expired. */
  | { readonly kind: 'ended' }

/** Asks the token endpoint (RFC 6749 §5) as the public client that the command line is. */
export async function requestTokens(
  endpoint: string,
  form: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  const requestedAt = Date.now()
  const reply = await ask(new URL(endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({ ...form, client_id: CLIENT_ID }),
  })
  if (reply.kind === 'none')
    throw new CliError(`The authorization server does not answer: ${reply.message}.`, { code: 'no_hub' })
  const answer = parse(reply.text)
  if (reply.status === 400 && answer['error'] === 'invalid_grant') return { kind: 'ended' }
  const { access_token: accessToken, token_type: type, expires_in: seconds, refresh_token: refresh } = answer
  if (reply.status !== 200 || typeof accessToken !== 'string' || !/^bearer$/i.test(String(type))) {
    const said = String(answer['error_description'] ?? answer['error'] ?? `HTTP ${reply.status}`)
    throw new CliError(`The authorization server gave no token: ${said.slice(0, 300)}`, {
      code: 'unauthenticated',
    })
  }
  const livesMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : 0
  const refreshToken = typeof refresh === 'string' ? refresh : (form['refresh_token'] ?? null)
  return { kind: 'tokens', tokens: { accessToken, expiresAt: requestedAt + livesMs, refreshToken } }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    // The caller says with the status what came instead of JSON.
    return {}
  }
}
