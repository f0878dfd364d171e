import * as oauth from 'oauth4webapi'
import { authorize, insecure, type TestApp } from './oauth-app.ts'
import type { PageVisitor } from './page-visitor.ts'

export interface AppFlow extends TestApp {
  readonly proof?: oauth.ClientAuth
  readonly visitor: PageVisitor
  /** Changes to the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** Tokens for a person who allows what is asked for; the app proves itself. */
export async function getPersonTokens(flow: AppFlow): Promise<oauth.TokenEndpointResponse> {
  const { as, client, proof = oauth.None(), redirectUri, visitor } = flow
  const { callback, verifier } = await authorize(flow, visitor, { ...flow.parameters, state: 'state' })
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
