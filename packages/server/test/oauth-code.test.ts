import { expect, test } from 'vitest'
import { authorize, openApp, redeem } from './oauth-app.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub } from './start-test-hub.ts'

test('AS1: an app gets a token for one person, one resource and one grant, by code and PKCE', async () => {
  await using hub = await startTestHub()
  const { visitor, person } = await signUpAdministrator(hub)
  const app = await openApp(hub.url)
  const authorized = await authorize(app, visitor)
  expect(authorized.page.text).toContain('Parley command line')
  const tokens = await redeem(app, authorized)
  const claims = hub.hub.identity.verifyToken(tokens.access_token)!
  expect(claims).toMatchObject({
    iss: hub.url,
    sub: person,
    aud: `${hub.url}/mcp`,
    client_id: 'parley-cli',
    scope: 'mcp',
  })
  expect(hub.hub.grants.find(claims.gid as never)).toMatchObject({ person, kind: 'consent' })
  expect(hub.logs).toEqual([])
})
