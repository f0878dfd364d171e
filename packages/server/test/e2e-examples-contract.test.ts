import { SignJWT, decodeJwt } from 'jose'
import type { GrantId } from '@parley/contract'
import { describeResourceServer, type ResourceServer } from '../../sdk/test/resource-server.contract.ts'
import { countNotes, NOTES, runExample } from '../../sdk/test/run-example.ts'
import { BY } from './granting-hub.ts'
import { getTokens, openApp } from './oauth-app.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub } from './start-test-hub.ts'

describeResourceServer('the Express example and a hub that is identity alone', () => start('express-notes'))
describeResourceServer('the Hono example and a hub that is identity alone', () => start('hono-notes'))

/**
 * The example in a process of its own. Every token has the hub's signature, and the claims of one that a person
 * consented to; what the suite changes in them no hub would sign, so they are signed here, with its key.
 */
async function start(example: string): Promise<ResourceServer> {
  const hub = await startTestHub('only: identity')
  const notes = await runExample(`${example}/main.ts`, { issuer: hub.url })
  const { url } = notes
  const scopes = { 'notes:read': 'Read your notes', 'notes:write': 'Add and delete notes' }
  await hub.api('POST', '/api/resources', { resource: url, name: 'Notes', scopes })
  const { visitor } = await signUpAdministrator(hub)
  // An app keeps one grant for the same thing, so that each consent is another app's.
  const consented = async () => {
    const redirectUri = 'http://127.0.0.1:43123/callback'
    const { body } = await hub.api('POST', '/api/apps', { name: 'Desk', redirectUris: [redirectUri] })
    const app = await openApp(hub.url, { clientId: body.app.clientId, redirectUri })
    const tokens = await getTokens(app, visitor, { resource: url, scope: NOTES.scopes.read })
    return decodeJwt(tokens.access_token)
  }
  const { acr: _, auth_time: __, ...claimsOfReader } = await consented()
  const { keys } = hub.hub.identity
  const mint: ResourceServer['mint'] = (claims = {}, header = {}) => {
    const { kid, privateKey } = keys.current()
    return new SignJWT({ ...claimsOfReader, jti: crypto.randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
      .sign(privateKey, { crit: { 'x-new': true } })
  }
  return {
    url,
    issuer: hub.url,
    mint,
    publicKey: keys.jwks().keys[0]!,
    changes: async () => countNotes(url, await mint()),
    newGrant: async () => String((await consented())['gid']),
    async revokeGrant(id) {
      await hub.hub.grants.revoke(id as GrantId, BY)
    },
    ...NOTES,
    async [Symbol.asyncDispose]() {
      notes.stop()
      await hub[Symbol.asyncDispose]()
    },
  }
}
