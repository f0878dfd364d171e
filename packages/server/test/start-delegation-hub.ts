import { randomUUID } from 'node:crypto'
import type { AgentId, GrantId, GrantTerms } from '@parley/contract'
import { createAgentClient, type AgentClient, type AgentCredential } from '@parley/sdk/agent'
import {
  startDelegatingAgent,
  type DelegatingAgent,
  type DelegatingAgentOptions,
} from './delegating-agent.ts'
import type { PageVisitor } from './page-visitor.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

export const BY = 'key_admin'
export const APP = 'test-app'

export interface DelegationHub extends AsyncDisposable {
  readonly hub: TestHub
  readonly person: string
  /** The person's browser. */
  readonly visitor: PageVisitor
  /** The id of the app that people use. */
  readonly app: string
  /** Makes an agent with an identity at the hub, and adds it to the directory. */
  addAgent(
    name: string,
    options?: Partial<Pick<DelegatingAgentOptions, 'skills' | 'delegations' | 'echo' | 'asItself'>>,
  ): Promise<AddedAgent>
  /** A token of the person's app, under a grant of its own. */
  tokenFor(terms?: Partial<GrantTerms>, claims?: object): Promise<{ token: string; grant: GrantId }>
  /** What an administrator lets an agent have for itself. */
  entitle(
    agent: Pick<AddedAgent, 'id'>,
    audiences: GrantTerms['audiences'],
    capabilities: readonly string[],
  ): Promise<unknown>
  /** The app, with that token. */
  ask(agent: string, token: string): AgentClient
}

export interface AddedAgent extends DelegatingAgent {
  readonly id: AgentId
  readonly credential: AgentCredential
}

/** A hub with a person, their app, and agents that ask each other. */
export async function startDelegationHub(settings: object = {}): Promise<DelegationHub> {
  const apps = { [APP]: { name: 'Test app', redirectUris: ['http://127.0.0.1/callback'] } }
  await using stack = new AsyncDisposableStack()
  const hub = stack.use(await startTestHub(JSON.stringify({ apps, ...settings })))
  const { person, visitor } = await signUpAdministrator(hub)
  const { clients, grants, identity } = hub.hub
  const app = clients.findApp(APP)!.id
  const owned = stack.move()
  return {
    hub,
    person,
    visitor,
    app,
    async addAgent(name, options = {}) {
      const { agent, shownOnce } = await clients.agents.create(
        { name, owner: null, proof: { kind: 'new-key' } },
        BY,
      )
      if (shownOnce.kind !== 'private-key') throw new Error('no key')
      const credential = { id: agent.id, privateKey: shownOnce.privateKey }
      const running = owned.use(
        await startDelegatingAgent({ hub: hub.url, name, credential, skills: ['work'], ...options }),
      )
      const added = await hub.api('POST', '/api/cards', { name, url: running.origin })
      if (added.status !== 200 || !added.body.served) throw new Error(JSON.stringify(added.body))
      return { ...running, id: agent.id, credential }
    },
    async tokenFor(terms = {}, claims = {}) {
      const grant = await grants.create(
        {
          kind: 'consent',
          holder: { kind: 'app', id: app },
          person,
          parent: null,
          terms: {
            audiences: { [`${hub.url}/a2a`]: ['a2a'] },
            capabilities: [{ capability: 'skill:*' }],
            limits: {},
            expiresAt: null,
            ...terms,
          },
        },
        person,
      )
      const now = Math.floor(Date.now() / 1000)
      const token = identity.mintToken({
        iss: hub.url,
        sub: person,
        aud: Object.keys(grant.terms.audiences)[0],
        client_id: APP,
        scope: 'a2a',
        gid: grant.id,
        acr: 'urn:parley:2fa',
        jti: randomUUID(),
        iat: now,
        exp: now + 600,
        ...claims,
      })
      return { token, grant: grant.id }
    },
    entitle: (agent, audiences, capabilities) =>
      grants.create(
        {
          kind: 'entitlement',
          holder: { kind: 'agent', id: agent.id },
          person: null,
          parent: null,
          terms: {
            audiences,
            capabilities: capabilities.map((capability) => ({ capability })),
            limits: {},
            expiresAt: null,
          },
        },
        BY,
      ),
    ask: (agent, token) => createAgentClient({ url: `${hub.url}/a2a/agents/${agent}`, token: () => token }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
