import { createHash, randomBytes } from 'node:crypto'
import { CliError } from '../cli-error.ts'
import type { Issuer } from './discover-issuer.ts'
import type { Tokens } from './login-store.ts'
import { openLoopback, type Callback } from './loopback.ts'
import { CLIENT_ID, requestTokens } from './request-tokens.ts'

/** What a token is wanted for. */
export interface Wanted {
  readonly resource: string
  readonly scope: string
}

/**
 * Signs in by the browser, with a code and PKCE (RFC 7636, RFC 8252): one consent after the other in the same window, a
 * token for each resource. `show` is given the address to open.
 */
export async function signIn(
  issuer: Issuer,
  wanted: readonly Wanted[],
  show: (url: string) => void,
): Promise<Record<string, Tokens>> {
  await using loopback = await openLoopback()
  const tokens: Record<string, Tokens> = {}
  let request = prepare(issuer, wanted[0]!, loopback.redirectUri)
  show(request.url)
  for (let at = 0; at < wanted.length; at++) {
    const callback = await loopback.next(request.state)
    try {
      const code = readCode(callback.parameters, issuer)
      tokens[wanted[at]!.resource] = await redeem(issuer, code, request)
    } catch (error) {
      callback.finish('Signing in did not work. The terminal says why.')
      throw error
    }
    const following = wanted[at + 1]
    if (!following) callback.finish('You are signed in. This window can be closed.')
    else {
      request = prepare(issuer, following, loopback.redirectUri)
      callback.goOn(request.url)
    }
  }
  return tokens
}

interface Request {
  readonly url: string
  readonly state: string
  readonly verifier: string
  readonly redirectUri: string
  readonly resource: string
}

function prepare(issuer: Issuer, { resource, scope }: Wanted, redirectUri: string): Request {
  const state = randomBytes(24).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  const url = new URL(issuer.authorizationEndpoint)
  const parameters = {
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: redirectUri,
    scope,
    resource,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { url: url.href, state, verifier, redirectUri, resource }
}

function readCode(parameters: Callback['parameters'], { issuer, sendsIss }: Issuer): string {
  const iss = parameters.get('iss')
  // RFC 9207 §2.4: before anything else of the answer is used, an error included.
  if (iss === null ? sendsIss : iss !== issuer)
    throw new CliError(`The answer did not come from ${issuer}.`, { code: 'unauthenticated' })
  const error = parameters.get('error')
  if (error === 'access_denied')
    throw new CliError('You did not allow it.', { code: 'forbidden', hint: 'parley login asks again.' })
  const code = parameters.get('code')
  if (error !== null || code === null) {
    const said = parameters.get('error_description') ?? error ?? 'there is no code in the answer'
    throw new CliError(`Signing in did not work: ${said.slice(0, 300)}`, { code: 'unauthenticated' })
  }
  return code
}

async function redeem(issuer: Issuer, code: string, request: Request): Promise<Tokens> {
  const answer = await requestTokens(issuer.tokenEndpoint, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: request.redirectUri,
    code_verifier: request.verifier,
    resource: request.resource,
  })
  if (answer.kind === 'tokens') return answer.tokens
  throw new CliError('The code was not taken: it came too late, or twice.', {
    code: 'unauthenticated',
    hint: 'Try again: parley login',
  })
}
