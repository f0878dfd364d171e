import type { AgentId } from '@parley/contract'
import { chainOf, type Caller } from '@parley/sdk'
import { textOf, type AgentCredential, type FoundAgent } from '@parley/sdk/agent'
import type { HubClient } from '../../hub-client.ts'
import { startSampleAgent, type SampleAgent, type SampleWork } from './sample-agent.ts'

/** What the two agents saw while they worked. */
export interface Seen {
  found: readonly FoundAgent[]
  /** Of the token that the planner asked the weather with. */
  delegated: { readonly token: string } | undefined
  /** Who called, outermost first. */
  plannerChain: readonly string[]
  weatherChain: readonly string[]
  /** What the weather was called with. */
  weatherCaller: Caller | undefined
}

export interface DayOutAgents extends AsyncDisposable {
  readonly seen: Seen
  readonly ids: { readonly planner: AgentId; readonly weather: AgentId }
  /** Until then the weather has only half of its forecast. */
  goOn(): void
}

/** A planner that asks a weather agent for those who ask it, each with an identity at the hub and a card that is approved. */
export async function startDayOutAgents(admin: HubClient): Promise<DayOutAgents> {
  await using stack = new AsyncDisposableStack()
  const seen: Seen = {
    found: [],
    delegated: undefined,
    plannerChain: [],
    weatherChain: [],
    weatherCaller: undefined,
  }
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>()
  const forecast = async ({ caller, task }: SampleWork) => {
    seen.weatherChain = chainOf(caller)
    seen.weatherCaller = caller
    task.tell('TASK_STATE_WORKING', 'looking at the sky')
    task.make('Sun until four, ')
    await mayGoOn
    task.make('then rain. ')
  }
  const plan = async ({ text, caller, agent, task }: SampleWork) => {
    seen.plannerChain = chainOf(caller)
    task.tell('TASK_STATE_WORKING', 'looking for who knows the weather')
    seen.found = await agent.findAgents({ tag: 'weather' })
    const { name, skills } = seen.found[0]!
    const other = agent
      .actAs(caller)
      .delegate({ agent: name, skills: skills.map(({ id }) => id), limits: { calls: 1 } })
    seen.delegated = { token: await other.token() }
    for await (const event of other.stream(`The weather for ${text}`)) {
      const status = event.task?.status ?? event.statusUpdate?.status
      const words = status?.message?.parts.map((part) => part.text ?? '').join('')
      if (words) task.tell('TASK_STATE_WORKING', `the weather is ${words}`)
      const more = textOf(event)
      if (more !== '') task.make(more)
    }
    task.make('So: along the Aare in the morning, the museum after four.')
  }
  const weather = await enrol(admin, 'weather', { does: 'Tells the weather of a place', work: forecast })
  stack.use(weather.running)
  const planner = await enrol(admin, 'planner', { does: 'Plans a day out', work: plan })
  stack.use(planner.running)
  await letFind(admin, planner.id)
  const owned = stack.move()
  return {
    seen,
    ids: { planner: planner.id, weather: weather.id },
    goOn,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Enrolled {
  readonly id: AgentId
  readonly running: SampleAgent
}

/** As `parley agents add NAME` does, and then `--card`. */
async function enrol(
  admin: HubClient,
  name: string,
  { does, work }: { readonly does: string; readonly work: (asked: SampleWork) => Promise<void> },
): Promise<Enrolled> {
  const { agent, shownOnce } = (await admin.api('POST', '/api/agents', { name })) as {
    agent: { id: AgentId }
    shownOnce: { privateKey: Record<string, string> }
  }
  const credential: AgentCredential = { id: agent.id, privateKey: shownOnce.privateKey }
  const running = await startSampleAgent({
    hub: admin.url,
    credential,
    card: {
      name: `Sample ${name}`,
      description: `${does}.`,
      version: '1.0.0',
      skills: [{ id: name, name, description: does, tags: [name] }],
    },
    work,
  })
  await admin.api('POST', '/api/cards', { name, url: running.origin })
  return { id: agent.id, running }
}

/** In its own name the planner may find the weather, and no more: asking it is for those who may themselves. */
async function letFind(admin: HubClient, id: AgentId): Promise<void> {
  const terms = {
    audiences: { [`${admin.url}/api`]: ['hub:manage'], [`${admin.url}/a2a`]: ['a2a'] },
    capabilities: [{ capability: 'skill:weather/*' }],
    limits: {},
    expiresAt: null,
  }
  await admin.api('POST', '/api/grants', { holder: { kind: 'agent', id }, terms })
}
