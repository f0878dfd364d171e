import type { GrantId, GrantTerms, PersonId } from '@parley/contract'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

export const PERSON: PersonId = 'per_01JAAAAAAAAAAAAAAAAAAAAAAA'
export const OTHER_PERSON: PersonId = 'per_01JBBBBBBBBBBBBBBBBBBBBBBB'
/** The client_id of the app that tokens are for: every hub knows its own command line. */
export const APP = 'parley-cli'

export const TOOLS = [
  { name: 'look', inputSchema: { type: 'object' } },
  { name: 'change', inputSchema: { type: 'object' } },
  { name: 'secret', inputSchema: { type: 'object' } },
]

/** What a test needs to be somebody at a hub, without a browser. */
export interface Granting {
  /** Lets an app use what is named, in a person's name. */
  grant(capabilities: readonly string[], more?: Partial<GrantTerms> & { person?: PersonId }): Promise<GrantId>
  /** A token for an endpoint that names the grant, signed by the hub. */
  token(grant: GrantId, claims?: Readonly<Record<string, unknown>>): string
  /** The same hub for a caller with that token. */
  as(token: string): TestHub
}

/** A hub before one scripted server. */
export interface GrantingHub extends TestHub, Granting {
  readonly upstream: ScriptedUpstream
}

export async function startGrantingHub(yaml = ''): Promise<GrantingHub> {
  const upstream = await startScriptedUpstream(TOOLS)
  const hub = await startTestHub(yaml)
  await hub.api('POST', '/api/servers', { name: 'one', url: upstream.url })
  return {
    ...hub,
    ...grantsOf(hub),
    upstream,
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

export function grantsOf(hub: TestHub): Granting {
  const { clients, grants, identity } = hub.hub
  const people = new Map<GrantId, PersonId>()
  return {
    async grant(capabilities, { person = PERSON, ...terms } = {}) {
      const made = await grants.create(
        {
          kind: 'consent',
          holder: { kind: 'app', id: clients.findApp(APP)!.id },
          person,
          parent: null,
          terms: {
            audiences: { [`${hub.url}/mcp`]: ['mcp'], [`${hub.url}/mcp/servers/one`]: ['mcp'] },
            capabilities: capabilities.map((capability) => ({ capability })),
            limits: {},
            expiresAt: null,
            ...terms,
          },
        },
        BY,
      )
      people.set(made.id, person)
      return made.id
    },
    token(grant, claims = {}) {
      const now = Math.floor(Date.now() / 1000)
      return identity.mintToken({
        iss: hub.url,
        sub: people.get(grant) ?? PERSON,
        aud: `${hub.url}/mcp/servers/one`,
        client_id: APP,
        scope: 'mcp',
        gid: grant,
        jti: crypto.randomUUID(),
        iat: now,
        exp: now + 300,
        ...claims,
      })
    },
    as: (token) => ({ ...hub, headers: { Authorization: `Bearer ${token}` } }),
  }
}

/** Who makes the changes of a test. */
export const BY = 'test'
