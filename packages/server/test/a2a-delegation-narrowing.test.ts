import { createAgentClient } from '@parley/sdk/agent'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exchangeAs } from './exchange-as.ts'
import { startDelegationHub, type AddedAgent, type DelegationHub } from './start-delegation-hub.ts'

let hub: DelegationHub
let planner: AddedAgent
let weather: AddedAgent
const SKILLS: Readonly<Record<string, readonly string[]>> = { maps: ['route', 'place'], news: ['read'] }
const ends: Record<string, AddedAgent> = {}

beforeAll(async () => {
  hub = await startDelegationHub()
  planner = await hub.addAgent('planner')
  weather = await hub.addAgent('weather')
  for (const [name, skills] of Object.entries(SKILLS)) ends[name] = await hub.addAgent(name, { skills })
})
afterAll(() => hub[Symbol.asyncDispose]())

const PATTERNS = [
  'skill:maps/*',
  'skill:maps/route',
  'skill:maps/place',
  'skill:news/*',
  'skill:news/read',
  'skill:*',
]
const patterns = fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 3 })

/** Whether the patterns cover everything that the agent may do when it is sent a message. */
const covers = (held: readonly string[], agent: string) =>
  SKILLS[agent]!.every((skill) =>
    held.some((pattern) => {
      const name = `skill:${agent}/${skill}`
      return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
    }),
  )

const detailsOf = (capabilities: readonly string[]) => ({
  authorization_details: JSON.stringify([
    { type: 'parley_capability', capabilities: capabilities.map((capability) => ({ capability })) },
  ]),
})

test('A16: an agent two hops on asks exactly those whom the person and every agent between have let it ask', async () => {
  const { url } = hub.hub
  const all = `${url}/a2a`
  const ask = (agent: string, token: string) =>
    createAgentClient({ url: `${url}/a2a/agents/${agent}`, token: () => token }).send('work')
  await fc.assert(
    fc.asyncProperty(
      patterns,
      patterns,
      fc.constantFrom(...Object.keys(SKILLS)),
      fc.array(fc.record({ to: fc.constantFrom('all', 'one'), ask: patterns }), {
        minLength: 1,
        maxLength: 4,
      }),
      async (allowed, passedOn, end, attempts) => {
        const own = ['skill:planner/*', 'skill:weather/*']
        const { token } = await hub.tokenFor({
          capabilities: [...own, ...allowed].map((capability) => ({ capability })),
        })
        await ask('planner', token)
        const first = await exchangeAs(planner, planner.stolen.at(-1)!, url, {
          resource: all,
          ...detailsOf(['skill:weather/*', ...passedOn]),
        })
        // More than the person allows is not passed on at all.
        if (first.body.access_token === undefined) return
        await ask('weather', first.body.access_token)
        const hop = weather.stolen.at(-1)!
        const mayAsk = covers([...own, ...allowed], end) && covers(passedOn, end)
        const before = ends[end]!.calls.length
        for (const attempt of attempts) {
          const { body } = await exchangeAs(weather, hop, url, {
            resource: attempt.to === 'all' ? all : `${all}/agents/${end}`,
            ...(attempt.ask.length > 0 && detailsOf(attempt.ask)),
          })
          if (body.access_token === undefined) continue
          const answered = await ask(end, body.access_token).then(
            () => true,
            () => false,
          )
          if (answered)
            expect([mayAsk, attempt.ask.length === 0 || covers(attempt.ask, end)]).toEqual([true, true])
        }
        if (!mayAsk) expect(ends[end]!.calls.length).toBe(before)
        const { body } = await exchangeAs(weather, hop, url, { resource: `${all}/agents/${end}` })
        const answered = await ask(end, body.access_token ?? 'none').then(
          () => true,
          () => false,
        )
        expect(answered).toBe(mayAsk)
      },
    ),
    { numRuns: 30 },
  )
})

test('G1: whoever is asked is told of everybody before it, and of the card of who asks', async () => {
  const { url } = hub.hub
  await hub.ask('planner', (await hub.tokenFor()).token).send('pass weather work')
  expect(weather.calls.at(-1)!.told).toEqual({
    chain: [
      { kind: 'person', id: hub.person },
      { kind: 'app', id: hub.app },
      { kind: 'agent', id: planner.id },
    ],
    card: `${url}/a2a/agents/planner/.well-known/agent-card.json`,
  })
})
