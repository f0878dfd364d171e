import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import { launchChromium } from './browser.ts'
import { listenForCallback } from './callback-listener.ts'
import { startConsentHub } from './consent-hub.ts'

test('openid-client: PAR, sign-in with password and code, consent in Chromium, ID token, refresh, revocation', async () => {
  await using browser = await launchChromium()
  await using hub = await startConsentHub(browser)
  using callback = await listenForCallback()
  const registered = await hub.api('POST', '/api/apps', {
    name: 'Desk',
    redirectUris: [callback.redirectUri],
    authMethod: 'client_secret_basic',
  })
  const { app, secret } = registered.body
  const config = await openid.discovery(
    new URL(hub.url),
    app.clientId,
    undefined,
    openid.ClientSecretBasic(secret),
    { execute: [openid.allowInsecureRequests] },
  )
  const verifier = openid.randomPKCECodeVerifier()
  const [state, nonce] = [openid.randomState(), openid.randomNonce()]
  const url = await openid.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: callback.redirectUri,
    scope: 'openid email mcp',
    resource: `${hub.url}/mcp`,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  await hub.grace.signOut()
  await hub.grace.answer(url.href)
  const tokens = await openid.authorizationCodeGrant(config, callback.answers[0]!, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  })
  expect(tokens.claims()).toMatchObject({ iss: hub.url, aud: app.clientId, nonce })
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token!)
  expect((await openid.tokenIntrospection(config, refreshed.access_token)).active).toBe(true)
  const { gid } = hub.hub.identity.verifyToken(refreshed.access_token)!
  expect(hub.hub.grants.find(gid as never)?.state).toBe('active')
  await openid.tokenRevocation(config, refreshed.refresh_token!)
  expect((await openid.tokenIntrospection(config, refreshed.access_token)).active).toBe(false)
  await expect(openid.refreshTokenGrant(config, refreshed.refresh_token!)).rejects.toThrow()
  expect(hub.calls()).toEqual([])
})
