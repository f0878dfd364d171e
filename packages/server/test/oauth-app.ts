import * as oauth from 'oauth4webapi'
import { decide, type PageVisitor, type Visited } from './page-visitor.ts'

export const insecure = { [oauth.allowInsecureRequests]: true }

export interface TestApp {
  readonly as: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly redirectUri: string
}

/** An app that speaks OAuth by oauth4webapi, which checks every answer as strictly as the specifications ask. */
export async function openApp(
  url: string,
  about: { clientId?: string; redirectUri?: string } = {},
): Promise<TestApp> {
  const issuer = new URL(url)
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  return {
    as: await oauth.processDiscoveryResponse(issuer, response),
    client: { client_id: about.clientId ?? 'parley-cli' },
    redirectUri: about.redirectUri ?? 'http://127.0.0.1:43123/callback',
  }
}

export interface Asked {
  readonly url: URL
  readonly verifier: string
}

/** An authorization request; `null` leaves a parameter out. */
export async function ask(
  app: TestApp,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<Asked> {
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(app.as.authorization_endpoint!)
  const parameters = new Map(
    Object.entries({
      client_id: app.client.client_id,
      redirect_uri: app.redirectUri,
      response_type: 'code',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'state-of-the-app',
    }),
  )
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(name)
    else parameters.set(name, value)
  }
  url.search = new URLSearchParams([...parameters]).toString()
  return { url, verifier }
}

/** The whole way to a code, as far as the answer at the app's redirect URI. */
export async function authorize(
  app: TestApp,
  visitor: PageVisitor,
  changes: Readonly<Record<string, string | null>> = {},
  choices: Readonly<Record<string, string | null>> = {},
): Promise<{ callback: URL; verifier: string; page: Visited }> {
  const { url, verifier } = await ask(app, changes)
  const page = await visitor.open(url.href)
  return { callback: await decide(visitor, page, choices), verifier, page }
}

export async function redeem(
  app: TestApp,
  { callback, verifier }: { callback: URL; verifier: string },
  more: Readonly<Record<string, string>> = {},
): Promise<oauth.TokenEndpointResponse> {
  const parameters = oauth.validateAuthResponse(app.as, app.client, callback, 'state-of-the-app')
  const response = await oauth.authorizationCodeGrantRequest(
    app.as,
    app.client,
    oauth.None(),
    parameters,
    app.redirectUri,
    verifier,
    { ...insecure, additionalParameters: more },
  )
  return oauth.processAuthorizationCodeResponse(app.as, app.client, response)
}

/** Tokens for a person who allows what is asked for. */
export async function getTokens(
  app: TestApp,
  visitor: PageVisitor,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<oauth.TokenEndpointResponse> {
  return redeem(app, await authorize(app, visitor, changes))
}

/** A raw form request to an endpoint, for what a good client never sends. */
export async function postForm(
  url: string,
  form: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Headers; body: any }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? '' : JSON.parse(text) }
}
