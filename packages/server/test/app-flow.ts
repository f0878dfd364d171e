import * as oauth from 'oauth4webapi'
import { decide, type PageVisitor } from './page-visitor.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

export interface AppFlow {
  readonly as: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly proof?: oauth.ClientAuth
  readonly redirectUri: string
  readonly visitor: PageVisitor
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Changes to the consent form. */
  readonly choices?: Readonly<Record<string, string | null>>
}

/** What an app does to act for a person: authorization code with PKCE, through the real consent page. */
export async function getPersonTokens(flow: AppFlow): Promise<oauth.TokenEndpointResponse> {
  const { as, client, proof = oauth.None(), redirectUri, visitor } = flow
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(as.authorization_endpoint!)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'state',
    ...flow.parameters,
  }).toString()
  const callback = await decide(visitor, await visitor.open(url.href), flow.choices)
  const parameters = oauth.validateAuthResponse(as, client, callback, 'state')
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    proof,
    parameters,
    redirectUri,
    verifier,
    insecure,
  )
  return oauth.processAuthorizationCodeResponse(as, client, response)
}
