import type { Hub } from './start-hub.ts'

export interface EnrolledAgent {
  /** A new grant, and a token of it that the agent fetched by its secret. */
  giveAccess(): Promise<GivenAccess>
}

export interface GivenAccess {
  readonly grant: string
  /** What the agent's calls carry. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Enrolment {
  readonly name: string
  /** The path of the one endpoint that its tokens are for. */
  readonly path: string
  readonly capability: string
}

/** An agent as an administrator adds it, over the API. */
export async function enrolAgent(hub: Hub, { name, path, capability }: Enrolment): Promise<EnrolledAgent> {
  const resource = hub.url + path
  const terms = {
    audiences: { [resource]: ['mcp'] },
    capabilities: [{ capability }],
    limits: {},
    expiresAt: null,
  }
  const { agent, shownOnce } = await post<{ agent: { id: string }; shownOnce: { secret: string } }>(
    hub,
    '/api/agents',
    { name, proof: { kind: 'secret' } },
  )
  const basic = Buffer.from(`${agent.id}:${shownOnce.secret}`).toString('base64')
  return {
    async giveAccess() {
      const grant = await post<{ id: string }>(hub, '/api/grants', {
        holder: { kind: 'agent', id: agent.id },
        terms,
      })
      const response = await fetch(`${hub.url}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
      })
      const { access_token: token } = await readJson<{ access_token: string }>(response)
      return { grant: grant.id, headers: { Authorization: `Bearer ${token}` } }
    },
  }
}

async function post<answer>(hub: Hub, path: string, body: object): Promise<answer> {
  const headers = { ...hub.administrator, 'content-type': 'application/json' }
  return readJson(await fetch(hub.url + path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function readJson<answer>(response: Response): Promise<answer> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as answer
}
