import { expect, test } from 'vitest'
import type { AgentCard } from '../a2a/index.ts'
import { describeAgents } from './describe-agents.ts'
import { readAgentQuery } from './read-agent-query.ts'
import { sampleCard } from './test-kit.ts'

test('H4: found agents are described at the hub’s address, bounded, and with nothing of where they are', () => {
  const skills = Array.from({ length: 30 }, (_, at) => ({
    id: `s${at}`,
    name: 'S',
    description: 'x'.repeat(5000),
    tags: Array.from({ length: 60 }, () => 'tag'),
    examples: Array.from({ length: 60 }, () => 'y'.repeat(5000)),
  }))
  const card = sampleCard('http://10.0.0.5:9000/internal', { skills, description: 'z'.repeat(8000) })
  const entry = { name: 'weather', card: card as unknown as AgentCard } as never
  const [described] = describeAgents([{ entry, skills }], 'https://hub.example')
  expect(described).toMatchObject({
    name: 'weather',
    title: 'Weather',
    endpoint: 'https://hub.example/a2a/agents/weather',
  })
  expect(described!.skills).toHaveLength(10)
  expect(described!.skills[0]).toMatchObject({ id: 's0', inputModes: ['text/plain'] })
  const text = JSON.stringify(described)
  expect(text.length).toBeLessThan(20_000)
  expect(text).not.toContain('10.0.0.5')
})

test.each([
  [
    { text: 'rain', limit: 3, tag: null },
    { text: 'rain', limit: 3 },
  ],
  [{}, {}],
])('a query %j is read', (args, query) => {
  expect(readAgentQuery(args)).toEqual(query)
})

test.each([
  [{ text: 5 }],
  [{ text: 'x'.repeat(1001) }],
  [{ limit: 1.5 }],
  [{ limit: '3' }],
  [{ query: 'rain' }],
  [JSON.parse('{"__proto__": "x"}')],
  [{ constructor: 'x' }],
])('a query %j is refused in words', (args) => {
  expect(() => readAgentQuery(args)).toThrow(expect.objectContaining({ code: 'invalid_params' }))
})
