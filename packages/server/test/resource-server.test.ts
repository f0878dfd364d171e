import { SignJWT } from 'jose'
import { describeResourceServer } from '../../sdk/test/resource-server.contract.ts'
import { APP, BY, PERSON, startGrantingHub } from './granting-hub.ts'
import { modernRequest } from './scripted-upstream.ts'

describeResourceServer('the gateway, as a resource server', async () => {
  const hub = await startGrantingHub()
  const url = `${hub.url}/mcp/servers/one`
  const { identity, grants } = hub.hub
  const everything = () => hub.grant(['*'])
  const standing = await everything()
  return {
    url,
    issuer: hub.url,
    publicKey: identity.keys.jwks().keys[0]!,
    mint(claims = {}, header = {}) {
      const { kid, privateKey } = identity.keys.current()
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({
        iss: hub.url,
        sub: PERSON,
        aud: url,
        client_id: APP,
        scope: 'tool:one/look',
        gid: standing,
        jti: crypto.randomUUID(),
        iat: now,
        exp: now + 300,
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
        .sign(privateKey, { crit: { 'x-new': true } })
    },
    changes: async () => hub.upstream.calls.filter(({ params }) => params['name'] === 'change').length,
    newGrant: everything,
    async revokeGrant(id) {
      await grants.revoke(id as typeof standing, BY)
    },
    scopes: { read: 'mcp', write: 'mcp' },
    read: { tool: 'look', arguments: {} },
    write: { tool: 'change', arguments: {}, missing: 'tool:one/change' },
    speak({ method, params }) {
      const { headers, body } = modernRequest(method, params as Record<string, unknown>)
      return { headers, body: typeof body === 'string' ? (JSON.parse(body) as object) : body }
    },
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  }
})
