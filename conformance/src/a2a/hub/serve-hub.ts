import type { GrantId } from '@parley/contract'
import { BY, grantsOf, OTHER_PERSON } from '../../../../packages/server/test/granting-hub.ts'
import { startTestHub } from '../../../../packages/server/test/start-test-hub.ts'
import type { TestHub } from '../../../../packages/server/test/start-test-hub.ts'
import type { Credentials } from '../subject.ts'

/** What the process prints when it is ready, for each agent. */
export interface HubSubject {
  readonly cardUrl: string
  readonly token: string
  readonly credentials: Required<Credentials>
}

/**
 * A process with the hub in front of agents: `serve-hub.ts CARD_URL_BY_NAME WEBHOOK_ORIGIN`. Prints how each is reached,
 * and tokens of the kinds that authentication is shown with.
 */
const [cardUrls, webhookOrigin] = process.argv.slice(2) as [string, string]
const urls: Record<string, string> = JSON.parse(cardUrls)
const limits = { requestsPerSecond: 5000 }
const hub = await startTestHub(JSON.stringify({ limits, webhooks: { allow: [webhookOrigin] } }))
const subjects: Record<string, HubSubject> = {}
/** Agents that the hub does not take, and what it says. */
const refused: Record<string, string> = {}
for (const [name, url] of Object.entries(urls)) {
  const refusal = await addAgent(hub, name, url)
  if (refusal === undefined) subjects[name] = await subjectOf(hub, name)
  else refused[name] = refusal
}
console.log(JSON.stringify({ event: 'ready', subjects, refused }))
process.once('SIGTERM', () => void hub[Symbol.asyncDispose]().then(() => process.exit(0)))

async function addAgent({ api }: TestHub, name: string, url: string): Promise<string | undefined> {
  const allowHosts = await grpcHostsOf(url)
  const { status, body } = await api('POST', '/api/cards', { name, url, allowHosts, public: true })
  return status < 300 ? undefined : JSON.stringify(body)
}

/** gRPC is at another port than the card: an administrator allows it by name. */
async function grpcHostsOf(url: string): Promise<string[]> {
  const response = await fetch(url, { headers: { 'a2a-version': '1.0' } })
  const card = (await response.json()) as { url?: string; supportedInterfaces?: { url: string }[] }
  const urls = [...(card.supportedInterfaces ?? []), { url: card.url ?? '' }].map((each) => each.url)
  return [...new Set(urls.filter((each) => /^[\w.]+:\d+$/.test(each)))]
}

async function subjectOf(test: TestHub, agent: string): Promise<HubSubject> {
  const { grant, token } = grantsOf(test)
  const resource = `${test.url}/a2a/agents/${agent}`
  const may = (audience: string, capability: string, person?: typeof OTHER_PERSON): Promise<GrantId> =>
    grant([capability], {
      audiences: { [audience]: ['a2a'] },
      ...(person === undefined ? {} : { person }),
    })
  const own = await may(resource, `skill:${agent}/*`)
  const other = await may(resource, `skill:${agent}/*`, OTHER_PERSON)
  const elsewhere = await may(`${test.url}/a2a/agents/nobody`, `skill:${agent}/*`)
  const narrow = await may(resource, `skill:${agent}/something-else`)
  const claims = { aud: resource, scope: 'a2a' }
  const now = Math.floor(Date.now() / 1000)
  return {
    cardUrl: `${resource}/.well-known/agent-card.json`,
    token: token(own, claims),
    credentials: {
      other: token(other, claims),
      expired: token(own, { ...claims, iat: now - 7200, exp: now - 3600 }),
      wrongAudience: token(elsewhere, { ...claims, aud: `${test.url}/a2a/agents/nobody` }),
      unattended: await agentToken(test, agent),
      narrow: token(narrow, { ...claims, scope: `skill:${agent}/something-else` }),
    },
  }
}

/** Of an agent that acts for nobody, whose own grant is for another skill: there is nobody to ask. */
async function agentToken({ hub: running, url }: TestHub, agent: string): Promise<string> {
  const resource = `${url}/a2a/agents/${agent}`
  const made = await running.clients.agents.create(
    { name: `caller-of-${agent}`, owner: null, proof: { kind: 'secret' } },
    BY,
  )
  await running.grants.create(
    {
      kind: 'entitlement',
      holder: { kind: 'agent', id: made.agent.id },
      person: null,
      parent: null,
      terms: {
        audiences: { [resource]: ['a2a'] },
        capabilities: [{ capability: `skill:${agent}/something-else` }],
        limits: {},
        expiresAt: null,
      },
    },
    BY,
  )
  const secret = made.shownOnce.kind === 'secret' ? made.shownOnce.secret : ''
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${made.agent.id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
  })
  const { access_token: token } = (await response.json()) as { access_token?: string }
  if (token === undefined) throw new Error(`The agent got no token: ${response.status}`)
  return token
}
