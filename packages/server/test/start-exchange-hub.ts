import { randomUUID } from 'node:crypto'
import type { Grant, GrantId, GrantTerms } from '@parley/contract'
import { getPersonTokens } from './app-flow.ts'
import { startClientHub } from './start-client-hub.ts'

export const BY = 'key_admin'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const READ = 'tool:files/read_text_file'
const REDIRECT = 'http://127.0.0.1:43123/callback'

export const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as any

/** A hub, and what tests of token exchange do with it. */
export async function startExchangeHub() {
  const hub = await startClientHub()
  const { as } = hub
  const mcp = () => `${hub.url}/mcp`
  const grantOf = (token: string): Grant => hub.grants.find(claimsOf(token).gid as GrantId)!
  return { ...hub, mcp, grantOf, personToken, tokenOfTerms, newAgent, ownToken, exchange }

  async function personToken(parameters: Record<string, string> = {}) {
    const client = { client_id: hub.clientId }
    const tokens = await getPersonTokens({
      as,
      client,
      redirectUri: REDIRECT,
      visitor: hub.visitor,
      parameters,
    })
    return tokens.access_token
  }

  /** As consent would have it, with terms of the test's own. */
  async function tokenOfTerms(terms: Partial<GrantTerms>, scope = 'mcp') {
    const app = hub.clients.findApp(hub.clientId)!
    const grant = await hub.grants.create(
      {
        kind: 'consent',
        holder: { kind: 'app', id: app.id },
        person: hub.person,
        parent: null,
        terms: {
          audiences: { [mcp()]: ['mcp'] },
          capabilities: [{ capability: 'tool:files/*' }],
          limits: {},
          expiresAt: null,
          ...terms,
        },
      },
      hub.person,
    )
    const now = Math.floor(Date.now() / 1000)
    return hub.identity.mintToken({
      iss: hub.url,
      sub: hub.person,
      aud: mcp(),
      client_id: hub.clientId,
      scope,
      gid: grant.id,
      acr: 'urn:parley:2fa',
      jti: randomUUID(),
      iat: now,
      exp: now + 600,
    })
  }

  async function newAgent() {
    const name = `agent-x${randomUUID().slice(0, 8).replace(/[01]/g, 'a')}`
    const { agent, shownOnce } = await hub.clients.agents.create(
      { name, owner: null, proof: { kind: 'secret' } },
      BY,
    )
    return { id: agent.id, secret: shownOnce.kind === 'secret' ? shownOnce.secret : '' }
  }

  /** The token that an agent gets for itself. */
  async function ownToken(agent: { id: string; secret: string }, resource: string): Promise<string> {
    const response = await fetch(as.token_endpoint!, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${agent.id}:${agent.secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
    })
    return ((await response.json()) as { access_token: string }).access_token
  }

  async function exchange(
    agent: { id: string; secret: string },
    subjectToken: string,
    more: Record<string, string> = {},
  ) {
    const response = await fetch(as.token_endpoint!, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${agent.id}:${agent.secret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: EXCHANGE,
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN,
        ...more,
      }),
    })
    return { status: response.status, body: (await response.json()) as any }
  }
}
