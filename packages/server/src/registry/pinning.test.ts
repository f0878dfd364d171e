import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../lib/json-rpc.ts'
import { newDataDir, openHouse, removeDataDir, sampleTool, startUpstream } from './test-kit.ts'
import type { House, ScriptedUpstream } from './test-kit.ts'

let dataDir: string
let house: House
let upstream: ScriptedUpstream

beforeEach(async () => {
  dataDir = newDataDir()
  upstream = await startUpstream({
    tools: [sampleTool(), { name: 'other', inputSchema: { type: 'object' } }],
  })
  house = await openHouse(dataDir)
  await house.registry.add({ name: 'mail', url: upstream.url }, 'key_admin')
})

afterEach(async () => {
  await house.close()
  await upstream.close()
  removeDataDir(dataDir)
})

function toolNames(server = 'mail'): string[] {
  return [...(house.registry.entry(server)?.catalog.tools.keys() ?? [])].toSorted()
}

/** A copy of the sample tool with the value at a path set; `undefined` takes it away. */
function mutated(path: readonly (string | number)[], value: unknown): JsonObject {
  const copy = structuredClone(sampleTool()) as Record<string, unknown>
  let at = copy as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>
  const last = path.at(-1)!
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy
}

const MUTATIONS: readonly (readonly [string, JsonObject])[] = [
  ['one letter of the description', mutated(['description'], 'Sends an e-mail to one persom.')],
  ['no description', mutated(['description'], undefined)],
  [
    'an invisible character in the description',
    mutated(['description'], 'Sends an e-mail to one person.\u200b'),
  ],
  ['the title', mutated(['title'], 'Send a mail')],
  ['no title', mutated(['title'], undefined)],
  ['a parameter more', mutated(['inputSchema', 'properties', 'bcc'], { type: 'string' })],
  ['a parameter less', mutated(['inputSchema', 'properties', 'priority'], undefined)],
  ['a type', mutated(['inputSchema', 'properties', 'to', 'type'], 'array')],
  ['a format', mutated(['inputSchema', 'properties', 'to', 'format'], 'uri')],
  ['a description in the schema', mutated(['inputSchema', 'properties', 'to', 'description'], 'Any address')],
  ['a default', mutated(['inputSchema', 'properties', 'priority', 'default'], 2)],
  [
    'a default deep in the schema',
    mutated(
      ['inputSchema', 'properties', 'options', 'properties', 'copy', 'properties', 'deep', 'default'],
      true,
    ),
  ],
  ['an enum value', mutated(['inputSchema', 'properties', 'priority', 'enum'], [1, 2, 4])],
  ['the order of an enum', mutated(['inputSchema', 'properties', 'priority', 'enum'], [3, 2, 1])],
  ['what is required', mutated(['inputSchema', 'required'], [])],
  ['additionalProperties', mutated(['inputSchema', 'additionalProperties'], true)],
  ['an x-mcp-header', mutated(['inputSchema', 'properties', 'to', 'x-mcp-header'], 'To')],
  ['the output schema', mutated(['outputSchema', 'properties', 'id', 'type'], 'integer')],
  ['no output schema', mutated(['outputSchema'], undefined)],
  ['readOnlyHint', mutated(['annotations', 'readOnlyHint'], true)],
  ['destructiveHint', mutated(['annotations', 'destructiveHint'], false)],
  ['a new annotation', mutated(['annotations', 'idempotentHint'], true)],
  ['an icon', mutated(['icons', 0, 'src'], 'https://example.com/other.png')],
  ['one more icon', mutated(['icons', 1], { src: 'https://example.com/2.png' })],
  ['_meta', mutated(['_meta', 'com.example/owner'], 'somebody')],
  ['no _meta', mutated(['_meta'], undefined)],
  ['a member that no specification names', mutated(['x-unknown'], 1)],
  ['null where nothing was', mutated(['execution'], null)],
]

const HARMLESS: readonly (readonly [string, readonly JsonObject[]])[] = [
  ['the order of the tools', [{ name: 'other', inputSchema: { type: 'object' } }, sampleTool()]],
  [
    'the order of the keys',
    [reversed(sampleTool()) as JsonObject, { inputSchema: { type: 'object' }, name: 'other' }],
  ],
  [
    'white space and number spelling',
    [
      JSON.parse(
        JSON.stringify(sampleTool(), null, 4).replace('"default": 1,', '"default": 1.0,'),
      ) as JsonObject,
      { name: 'other', inputSchema: { type: 'object' } },
    ],
  ],
]

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

describe('a definition that changed (T1)', () => {
  test.each(MUTATIONS)(
    'in %s is hidden from a list that shows it first, then from the catalog, and is not callable',
    async (_what, tool) => {
      const entry = house.registry.entry('mail')!
      expect(entry.review('tool', [sampleTool()])).toEqual([true])
      upstream.script.tools = [tool, upstream.script.tools[1]!]
      expect(entry.review('tool', upstream.script.tools)).toEqual([false, true])
      expect(entry.standing('tool', 'send_email')).toBe('quarantined')
      expect(toolNames()).toEqual(['other'])
      const server = await house.registry.refresh('mail')
      expect(toolNames()).toEqual(['other'])
      const row = server.definitions.find(({ name }) => name === 'send_email')
      const reason = expect.stringMatching(/^changed since it was approved/)
      expect(row).toMatchObject({ gone: false, reason, body: tool })
      expect(row?.approvedHash).not.toBe(row?.hash)
      expect(house.notes('definition.quarantine')).toEqual([
        expect.stringMatching(/^mail: tool send_email: changed since it was approved/),
      ])
    },
  )

  test('in its name is gone under the old name and held back under the new', async () => {
    upstream.script.tools = [mutated(['name'], 'send_mail')]
    await house.registry.refresh('mail')
    expect(toolNames()).toEqual([])
    const entry = house.registry.entry('mail')!
    expect(entry.standing('tool', 'send_mail')).toBe('quarantined')
    expect(entry.standing('tool', 'send_email')).toBe('unknown')
  })

  test.each(HARMLESS)('only in %s stays approved', async (_what, tools) => {
    upstream.script.tools = [...tools]
    const { version } = house.registry.entry('mail')!.catalog
    expect(house.registry.entry('mail')!.review('tool', tools)).toEqual([true, true])
    await house.registry.refresh('mail')
    expect(toolNames()).toEqual(['other', 'send_email'])
    expect(house.notes('definition.quarantine', 'definition.gone', 'definition.return')).toEqual([])
    expect(house.registry.entry('mail')!.catalog.version).toBeGreaterThanOrEqual(version)
  })

  test('and back again to what was approved is visible again, every time', async () => {
    const seenByListeners: boolean[] = []
    house.registry.onChange(({ tools }) => seenByListeners.push(tools))
    for (let turn = 0; turn < 3; turn++) {
      upstream.script.tools[0] = mutated(['description'], `turn ${turn}`)
      await house.registry.refresh('mail')
      expect(toolNames()).toEqual(['other'])
      upstream.script.tools[0] = sampleTool()
      await house.registry.refresh('mail')
      expect(toolNames()).toEqual(['other', 'send_email'])
    }
    expect(seenByListeners.filter(Boolean).length).toBeGreaterThanOrEqual(6)
    expect(
      house.registry.server('mail').definitions.find(({ name }) => name === 'send_email')?.reason,
    ).toBeNull()
    expect(house.notes('definition.return')).toHaveLength(3)
  })

  test('on the second page only is found', async () => {
    upstream.script.pageSize = 1
    upstream.script.tools[1] = {
      name: 'other',
      inputSchema: { type: 'object' },
      description: 'Now with words',
    }
    await house.registry.refresh('mail')
    expect(toolNames()).toEqual(['send_email'])
    expect(upstream.seen.filter((method) => method === 'tools/list').length).toBeGreaterThanOrEqual(3)
  })

  test('for one caller only is hidden from that caller, and calls are refused until the hub itself sees the approved one', async () => {
    const entry = house.registry.entry('mail')!
    expect(entry.review('tool', [mutated(['description'], 'only for B')])).toEqual([false])
    expect(entry.standing('tool', 'send_email')).toBe('quarantined')
    await expect.poll(() => house.notes('definition.quarantine')).toHaveLength(1)
    expect(entry.standing('tool', 'send_email')).toBe('quarantined')
    await house.registry.refresh('mail')
    expect(entry.standing('tool', 'send_email')).toBe('approved')
  })

  test('is announced by the server and found without being asked for', async () => {
    await expect.poll(() => upstream.seen).toContain('subscriptions/listen')
    upstream.script.tools[0] = mutated(['title'], 'Other')
    upstream.tell()
    await expect.poll(() => toolNames(), { timeout: 20_000 }).toEqual(['other'])
  })

  test('stays hidden over a restart, and so do approvals, before the server is even reached', async () => {
    upstream.script.tools[0] = mutated(['title'], 'Other')
    await house.registry.refresh('mail')
    await house.close()
    upstream.script.before = () => new Promise(() => undefined)
    house = await openHouse(dataDir)
    expect(toolNames()).toEqual(['other'])
    expect(house.registry.entry('mail')!.standing('tool', 'send_email')).toBe('quarantined')
    expect(house.registry.entry('mail')!.review('tool', [sampleTool()])).toEqual([true])
  })

  test('stays hidden when the disk is full', async () => {
    await house.store.submit([{ sql: 'PRAGMA max_page_count = 1', parameters: [] }])
    upstream.script.tools[0] = mutated(['title'], 'x'.repeat(60_000))
    await house.registry.refresh('mail')
    expect(house.registry.server('mail')).toMatchObject({ health: 'failing' })
    expect(toolNames()).toEqual(['other'])
    expect(house.registry.entry('mail')!.standing('tool', 'send_email')).toBe('quarantined')
    await house.store.submit([{ sql: 'PRAGMA max_page_count = 1000000', parameters: [] }])
    await house.registry.refresh('mail')
    expect(house.notes('definition.quarantine')).toHaveLength(1)
  })
})

describe('other kinds are pinned like tools', () => {
  beforeEach(async () => {
    Object.assign(upstream.script, {
      prompts: [{ name: 'greet', description: 'Greets' }],
      templates: [{ uriTemplate: 'file:///{path}', name: 'files' }],
      resources: [{ uri: 'file:///a', name: 'a' }],
      instructions: 'Be kind.',
    })
    await house.registry.add({ name: 'full', url: upstream.url }, 'key_admin')
  })

  test('prompts, templates and instructions are approved first and quarantined when they change', async () => {
    const entry = house.registry.entry('full')!
    const { prompts, templates, instructions, resources } = entry.catalog
    expect([[...prompts.keys()], [...templates.keys()], instructions, [...resources.keys()]]).toEqual([
      ['greet'],
      ['file:///{path}'],
      'Be kind.',
      ['file:///a'],
    ])
    upstream.script.prompts = [{ name: 'greet', description: 'Greets, and reads ~/.ssh' }]
    upstream.script.templates = [{ uriTemplate: 'file:///{path}', name: 'all files' }]
    upstream.script.instructions = 'Be unkind.'
    upstream.script.resources = [{ uri: 'file:///a', name: 'renamed' }]
    expect(entry.review('prompt', upstream.script.prompts)).toEqual([false])
    expect(entry.reviewInstructions('Be unkind.')).toBe(false)
    await house.registry.refresh('full')
    const after = entry.catalog
    expect([after.prompts.size, after.templates.size, after.instructions]).toEqual([0, 0, undefined])
    expect(after.resources.get('file:///a')).toEqual({ uri: 'file:///a', name: 'renamed' })
    expect(entry.reviewInstructions('Be kind.')).toBe(true)
  })
})

describe('what callers are shown while the hub reads', () => {
  test('counts for more than a reading that began before', async () => {
    const entry = house.registry.entry('mail')!
    const held = Promise.withResolvers<void>()
    upstream.script.before = (method) => (method === 'tools/list' ? held.promise : Promise.resolve())
    const reading = house.registry.refresh('mail')
    await expect.poll(() => upstream.seen.filter((method) => method === 'tools/list').length).toBe(2)
    expect(entry.review('tool', [mutated(['title'], 'Other')])).toEqual([false])
    held.resolve()
    await reading
    expect(entry.standing('tool', 'send_email')).toBe('quarantined')
    expect(toolNames()).toEqual(['other'])
  })

  test('counts for less than one that began after', async () => {
    const entry = house.registry.entry('mail')!
    expect(entry.review('tool', [mutated(['title'], 'Other')])).toEqual([false])
    await house.registry.refresh('mail')
    expect(entry.standing('tool', 'send_email')).toBe('approved')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(toolNames()).toEqual(['other', 'send_email'])
    expect(house.notes('definition.quarantine', 'definition.return')).toEqual([
      'mail: tool send_email: changed since it was approved',
      'mail: tool send_email',
    ])
  })
})
