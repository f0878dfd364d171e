import type { GrantId } from '@parley/contract'
import { grantsOf, OTHER_PERSON } from '../../../../packages/server/test/granting-hub.ts'
import { startTestHub } from '../../../../packages/server/test/start-test-hub.ts'
import type { TestHub } from '../../../../packages/server/test/start-test-hub.ts'
import { VARIANTS } from '../agent/agent-cards.ts'
import type { Variant } from '../agent/agent-cards.ts'
import type { Credentials } from '../subject.ts'

/** What the process prints when it is ready, for each agent. */
export interface HubSubject {
  readonly cardUrl: string
  readonly token: string
  readonly credentials: Required<Credentials>
}

/**
 * A process with the hub in front of the reference agents: `serve-hub.ts CARD_URLS WEBHOOK_ORIGIN`. Prints how each is
 * reached, and tokens of the kinds that authentication is shown with.
 */
const [cardUrls, webhookOrigin] = process.argv.slice(2) as [string, string]
const urls: Record<Variant, string> = JSON.parse(cardUrls)
const hub = await startTestHub(
  JSON.stringify({ limits: { requestsPerSecond: 5000 }, webhooks: { allow: [webhookOrigin] } }),
)
const subjects: Partial<Record<Variant, HubSubject>> = {}
for (const variant of VARIANTS) {
  await addAgent(hub, variant, urls[variant])
  subjects[variant] = await subjectOf(hub, variant)
}
console.log(JSON.stringify({ event: 'ready', subjects }))
process.once('SIGTERM', () => void hub[Symbol.asyncDispose]().then(() => process.exit(0)))

async function addAgent({ api }: TestHub, name: string, url: string): Promise<void> {
  const added = await api('POST', '/api/cards', {
    name,
    url,
    allowHosts: await grpcHostsOf(url),
    public: true,
  })
  if (added.status >= 300) throw new Error(`${name} was not taken: ${JSON.stringify(added.body)}`)
}

/** gRPC is at another port than the card: an administrator allows it by name. */
async function grpcHostsOf(url: string): Promise<string[]> {
  const response = await fetch(url, { headers: { 'a2a-version': '1.0' } })
  const card = (await response.json()) as { supportedInterfaces: { url: string; protocolBinding: string }[] }
  const hosts = card.supportedInterfaces
    .filter(({ protocolBinding }) => protocolBinding === 'GRPC')
    .map((each) => each.url)
  return [...new Set(hosts)]
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
      narrow: token(narrow, { ...claims, scope: `skill:${agent}/something-else` }),
    },
  }
}
