import { bundleTerms } from '@parley/contract'
import { expect, test } from 'vitest'
import { createBundle } from '../bundles/index.ts'
import { createDescribeCapabilities } from './describe-capabilities.ts'

const definition = (kind: 'tool' | 'prompt', name: string) => ({
  kind,
  name,
  hash: '',
  body: { name, annotations: { readOnlyHint: true } },
  paramHeaders: [],
})

const entry = (name: string, tools: readonly string[]) => ({
  name,
  catalog: {
    version: 1,
    tools: new Map(tools.map((tool) => [tool, definition('tool', tool)])),
    prompts: new Map(),
    templates: new Map(),
    instructions: undefined,
    resources: new Map([['file:///a', {}]]),
  },
})

const entries = [entry('notes', ['read', 'erase']), entry('tickets', ['create', 'close'])]
const bundle = createBundle(
  'desk',
  'api',
  bundleTerms.parse({ capabilities: ['tool:tickets/*', 'tool:notes/read', 'resource:notes/file:///docs/*'] }),
)

const agent = (name: string, skills: readonly string[]) => ({
  name,
  skills: skills.map((id) => ({ id, name: `The ${id}`, description: 'Tells.', tags: [] })),
})

const describeFor = (isEntitled: (capability: string) => boolean) =>
  createDescribeCapabilities(
    {
      registry: { entries: () => entries as never },
      bundles: { find: (name) => (name === 'desk' ? bundle : undefined) },
      agents: { entries: () => [agent('weather', ['forecast', 'history'])] as never },
    },
    (_person, capability) => isEntitled(capability),
  )

const resource = (name: string) => ({
  identifier: `http://localhost/mcp/bundles/${name}`,
  kind: 'mcp' as const,
  name: '',
  bundle: name,
  defaultScopes: ['mcp'],
  scopes: {},
  hasScope: () => true,
})

const PERSON = 'per_01JAAAAAAAAAAAAAAAAAAAAAAA'

const offered = (name: string, isEntitled: (capability: string) => boolean = () => true) =>
  describeFor(isEntitled)(resource(name), PERSON).map(({ server, groups }) => ({
    server,
    capabilities: groups.flatMap(({ items }) => items.map(({ capability }) => capability)),
  }))

test('G3: consent at a bundle offers what is in it, server by server, and no pattern wider than the bundle', () => {
  expect(offered('desk')).toEqual([
    { server: 'notes', capabilities: ['tool:notes/read', 'resource:notes/file:///docs/*'] },
    { server: 'tickets', capabilities: ['tool:tickets/create', 'tool:tickets/close'] },
  ])
})

test('G3: and of that only what the person is entitled to', () => {
  expect(offered('desk', (capability) => capability === 'tool:tickets/close')).toEqual([
    { server: 'tickets', capabilities: ['tool:tickets/close'] },
  ])
})

test('a bundle that is gone offers nothing', () => {
  expect(offered('gone')).toEqual([])
})

test('at the endpoints of agents their skills are offered, as far as the person may have them', () => {
  const capabilities = describeFor((capability) => capability !== 'skill:weather/history')
  const resource = { kind: 'a2a', server: 'weather' } as never
  expect(capabilities(resource, 'per_1')).toMatchObject([
    {
      server: 'weather',
      groups: [
        { effect: 'change', items: [{ capability: 'skill:weather/forecast', title: 'The forecast' }] },
      ],
    },
  ])
  expect(capabilities({ kind: 'a2a', server: 'other' } as never, 'per_1')).toEqual([])
})
