import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { startIdentity } from './start-identity.ts'
import { decide } from './page-visitor.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

test('an app gets a token for one person, one resource and one grant, by code and PKCE', async () => {
  await using hub = await startIdentity()
  const issuer = new URL(hub.url)
  const as = await oauth
    .discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    .then((response) => oauth.processDiscoveryResponse(issuer, response))
  const client: oauth.Client = { client_id: hub.clientId }
  const verifier = oauth.generateRandomCodeVerifier()
  const redirect = 'http://127.0.0.1:43123/callback'
  const url = new URL(as.authorization_endpoint!)
  url.search = new URLSearchParams({
    client_id: hub.clientId,
    redirect_uri: redirect,
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'xyz',
  }).toString()
  const page = await hub.visitor.open(url.href)
  expect(page.text).toContain('Test app')
  const callback = await decide(hub.visitor, page)
  const parameters = oauth.validateAuthResponse(as, client, callback, 'xyz')
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    oauth.None(),
    parameters,
    redirect,
    verifier,
    insecure,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response)
  const claims = hub.identity.verifyToken(tokens.access_token)!
  expect(claims).toMatchObject({
    iss: hub.url,
    sub: hub.person,
    aud: `${hub.url}/mcp`,
    client_id: hub.clientId,
    scope: 'mcp',
  })
  expect(hub.grants.find(claims.gid as never)).toMatchObject({ person: hub.person, kind: 'consent' })
  expect(hub.errors).toEqual([])
})
