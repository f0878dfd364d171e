import type { JsonWebKey } from 'node:crypto'
import type { TaskView } from '@parley/contract'
import type { HubClient } from '../../hub-client.ts'
import { discoverIssuer } from '../../login/discover-issuer.ts'
import { signIn } from '../../login/sign-in.ts'
import { readConsentUrl } from '../../send/read-consent-url.ts'
import { recordsOf, type Step } from '../take-steps.ts'
import type { ThrowAwayHub } from '../throw-away-hub.ts'
import type { Choice, TourPerson } from '../tour-person.ts'
import type { TourFact } from '../tour-step.ts'
import { startDayOutAgents, type DayOutAgents } from './day-out-agents.ts'
import { HeardEvents, stateOf } from './heard-events.ts'

const REQUEST = 'a day out in Bern'
/** Messages of the tour that reached an agent: the planner's, and its own to the weather. */
const MESSAGES = 2

/** What later steps need of earlier ones. */
export interface A2aJourney {
  readonly hub: ThrowAwayHub
  readonly ada: TourPerson
  readonly stack: AsyncDisposableStack
  agents: DayOutAgents
  /** The hub as Ada's app reaches it. */
  app: HubClient
  heard: HeardEvents
}

/** The seven steps of a task that agents do together, in their order. */
export const A2A_STEPS: readonly Step<A2aJourney>[] = [
  {
    name: 'user request',
    why: 'A person wants something, and says to whom their app may go.',
    take: request,
  },
  { name: 'coordination', why: 'One agent takes it on, once the person allows it.', take: coordinate },
  {
    name: 'discovery by card',
    why: 'It finds another by what the cards say, and knows whose they are.',
    take: discover,
  },
  { name: 'delegation', why: 'The other may do what was passed on, and nothing more.', take: delegate },
  { name: 'live communication', why: 'What the deepest agent says is heard while it works.', take: listen },
  { name: 'progress', why: 'Everybody who may know sees how it stands.', take: watch },
  { name: 'artifact', why: 'The work is done, and on record is who did it for whom.', take: deliver },
]

async function request(journey: A2aJourney): Promise<TourFact[]> {
  const { hub, ada, stack } = journey
  const { url } = hub.client
  await ada.join(hub.setupLink)
  journey.agents = stack.use(await startDayOutAgents(hub.client))
  const anonymous = await fetch(`${url}/a2a/agents/planner`, { method: 'POST', body: '{}' })
  await anonymous.body?.cancel()
  const challenge = anonymous.headers.get('www-authenticate') ?? ''
  const { shown, on } = await signInForAgents(journey)
  return [
    { did: 'Ada wants', found: `${REQUEST}; her app speaks with agents`, ok: true },
    {
      did: 'a message to the planner without a token',
      found: `refused with HTTP ${anonymous.status}`,
      ok: anonymous.status === 401 && challenge.includes('resource_metadata='),
    },
    {
      did: 'the app asks for agents, and Ada reads its page',
      found: `of ${shown.join(', ')} she leaves on ${on.join(', ')}`,
      ok: on.length === 1 && shown.length > 1,
    },
  ]
}

/** Ada lets the app ask the weather; for the planner she is asked when it is wanted. */
async function signInForAgents(journey: A2aJourney): Promise<Choice> {
  const { hub, ada } = journey
  const { url } = hub.client
  const issuer = await discoverIssuer(url)
  const choice = Promise.withResolvers<Choice>()
  const wanted = [
    { resource: `${url}/a2a`, scope: 'a2a' },
    { resource: `${url}/api`, scope: 'hub:read' },
  ]
  const signedIn = signIn(issuer, wanted, (address) => {
    ada.allowOnly(address, (box) => box.includes('weather')).then(choice.resolve, choice.reject)
  })
  const [tokens, chosen] = await Promise.all([signedIn, choice.promise])
  await hub.logins.change(url, async (known) => ({ ...issuer, tokens: { ...known?.tokens, ...tokens } }))
  journey.app = hub.signedIn()
  return chosen
}

async function coordinate(journey: A2aJourney): Promise<TourFact[]> {
  const { app, ada, agents } = journey
  const planner = app.agent('planner')
  const heard = (journey.heard = new HeardEvents(planner.stream(REQUEST)))
  const asked = await heard.until((event) => stateOf(event) === 'TASK_STATE_AUTH_REQUIRED')
  const status = (asked?.task ?? asked?.statusUpdate)?.status
  const url = status && readConsentUrl(status, app.url)
  const wasReached = agents.seen.plannerChain.length > 0
  if (url !== undefined) await ada.allow(url)
  const begun = await heard.until((event) => event.artifactUpdate !== undefined)
  return [
    {
      did: `“${REQUEST}” to the planner, which Ada had not allowed`,
      found:
        url === undefined
          ? 'was not asked about'
          : 'a task that waits for her; the planner has heard nothing',
      ok: url !== undefined && !wasReached,
    },
    {
      did: 'Ada allows it, and the same task goes on',
      found: begun ? `the planner takes it on for ${agents.seen.plannerChain.join(' → ')}` : 'it does not',
      ok: begun !== undefined && agents.seen.plannerChain.length === 2,
    },
  ]
}

async function discover({ hub, agents }: A2aJourney): Promise<TourFact[]> {
  const { client } = hub
  const { found } = agents.seen
  const [weather] = found
  const card = await readSignedCard(client, agents.seen.delegated?.token ?? '')
  const keys = await readKeys(client)
  const { verifyCard } = await import('@parley/server')
  const trustOf = (read: typeof card) => verifyCard(read, { keys, now: Date.now(), version: '1.0' })
  const trust = trustOf(card)
  const { kind } = trustOf({ ...card, description: 'Tells everything.' })
  return [
    {
      did: 'the planner asks the directory for the tag “weather”',
      found: found.map(({ name, description }) => `${name}: ${description}`).join('; ') || 'nobody',
      ok: weather?.name === 'weather' && found.length === 1,
    },
    {
      did: 'the card of “weather” at the hub',
      found: trust.kind === 'verified' ? `signed by the hub's key ${trust.kid.slice(0, 12)}…` : trust.kind,
      ok: trust.kind === 'verified',
    },
    {
      did: 'the same card with another description',
      found: kind === 'verified' ? 'is believed, which must not happen' : 'its signature does not hold',
      ok: kind === 'untrusted',
    },
  ]
}

/** As the planner reads it, with what it may ask the weather with. */
async function readSignedCard({ url }: HubClient, token: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/a2a/agents/weather/.well-known/agent-card.json`, {
    headers: { authorization: `Bearer ${token}`, 'a2a-version': '1.0' },
  })
  return (await response.json()) as Record<string, unknown>
}

async function readKeys({ url }: HubClient): Promise<{ kid: string; jwk: JsonWebKey }[]> {
  const response = await fetch(`${url}/oauth/jwks`)
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] }
  return keys.map((jwk) => ({ kid: jwk.kid, jwk }))
}

async function delegate({ hub, agents }: A2aJourney): Promise<TourFact[]> {
  const { client } = hub
  const { weatherChain, weatherCaller, delegated } = agents.seen
  const { grant } = (await client.api('GET', `/api/grants/${weatherCaller?.grant}`)) as {
    grant: { kind: string; terms: { capabilities: { capability: string }[]; limits: { calls?: number } } }
  }
  const allowed = grant.terms.capabilities.map(({ capability }) => capability)
  const headers = { authorization: `Bearer ${delegated?.token}`, 'content-type': 'application/json' }
  const statuses: number[] = []
  for (const path of ['/a2a/agents/planner', '/mcp', '/api/people'])
    statuses.push(
      await statusOf(client.url + path, { method: path.startsWith('/api') ? 'GET' : 'POST', headers }),
    )
  return [
    {
      did: 'the planner exchanges what Ada allowed for a token of its own',
      found: `a ${grant.kind} that allows ${allowed.join(', ')}, ${grant.terms.limits.calls} call`,
      ok:
        grant.kind === 'delegation' &&
        allowed.join() === 'skill:weather/weather' &&
        grant.terms.limits.calls === 1,
    },
    {
      did: 'whom the weather sees',
      found: `${weatherChain.join(' → ')}; its token is for ${String(weatherCaller?.claims['aud'])} alone`,
      ok: weatherChain.length === 3 && weatherChain[2] === agents.ids.planner,
    },
    {
      did: 'the same token at another agent, at the tools and at the management',
      found: `refused with HTTP ${statuses.join(', ')}`,
      ok: statuses.every((status) => status === 401),
    },
  ]
}

async function statusOf(
  url: string,
  init: { method: string; headers: Record<string, string> },
): Promise<number> {
  const response = await fetch(url, { ...init, ...(init.method === 'POST' && { body: '{}' }) })
  await response.body?.cancel()
  return response.status
}

async function listen({ heard, agents }: A2aJourney): Promise<TourFact[]> {
  const early = heard.artifact()
  agents.goOn()
  const done = await heard.until((event) => stateOf(event) === 'TASK_STATE_COMPLETED')
  return [
    {
      did: 'while the weather has half of its forecast, the app already has',
      found: `“${early.trim()}”`,
      ok: early === 'Sun until four, ',
    },
    {
      did: 'the weather goes on, through the planner, to the app',
      found: done ? 'heard to its end on the one stream' : 'is not heard',
      ok: done !== undefined,
    },
  ]
}

async function watch({ app, heard }: A2aJourney): Promise<TourFact[]> {
  const states = heard.states()
  const { tasks } = (await app.api('GET', '/api/me/tasks')) as { tasks: TaskView[] }
  const told = tasks
    .filter(({ protocol }) => protocol === 'a2a')
    .map(({ server, state }) => `${server} ${state}`)
  return [
    {
      did: 'what the app was told',
      found: states.join(' → '),
      ok:
        states[0] === 'auth required' &&
        states.at(-1) === 'completed' &&
        states.includes('the weather is looking at the sky'),
    },
    {
      did: 'the tasks in Ada’s name',
      found: told.join(', '),
      ok: told.toSorted().join() === 'planner completed,weather completed',
    },
  ]
}

async function deliver({ app, heard }: A2aJourney): Promise<TourFact[]> {
  const text = heard.artifact()
  const records = await recordsOf(app, 'a2a', MESSAGES)
  const lines = new Set(
    records.map(({ action, capability, decision }) => [action, capability, decision].join(' ')),
  )
  return [
    { did: 'the artifact', found: `“${text}”`, ok: text.startsWith('Sun until four, then rain. So:') },
    {
      did: 'the activity record',
      found: [...lines].join('; '),
      ok: ['skill:planner/*', 'skill:weather/*'].every((name) =>
        records.some(({ capability }) => capability === name),
      ),
    },
  ]
}
