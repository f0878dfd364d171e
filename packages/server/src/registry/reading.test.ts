import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newDataDir, openHouse, removeDataDir, startUpstream } from './test-kit.ts'
import type { House, ScriptedUpstream } from './test-kit.ts'

let dataDir: string
let house: House
let upstream: ScriptedUpstream

const tool = (name: string, more: object = {}) => ({ name, inputSchema: { type: 'object' }, ...more })
const names = () => [...house.registry.entry('files')!.catalog.tools.keys()].toSorted()
const add = () => house.registry.add({ name: 'files', url: upstream.url }, 'key_admin')

beforeEach(async () => {
  dataDir = newDataDir()
  upstream = await startUpstream({ tools: [tool('read'), tool('write')] })
  house = await openHouse(dataDir)
})

afterEach(async () => {
  await house.close()
  await upstream.close()
  removeDataDir(dataDir)
})

describe('half a list', () => {
  test('is no first list: nothing is approved until everything could be read', async () => {
    upstream.script.pageSize = 1
    upstream.script.errors['prompts/list'] = { code: -32603, message: 'Not now' }
    const server = await add()
    expect(server).toMatchObject({ health: 'failing', lastError: 'The server refused prompts/list: Not now' })
    expect(names()).toEqual([])
    expect(house.store.all('SELECT * FROM definitions')).toEqual([])
    upstream.script.errors = {}
    await house.registry.refresh('files')
    expect(names()).toEqual(['read', 'write'])
  })

  test('makes nothing disappear', async () => {
    await add()
    upstream.script.errors['tools/list'] = { code: -32603, message: 'Not now' }
    await house.registry.refresh('files')
    expect(names()).toEqual(['read', 'write'])
    expect(house.notes('definition.gone')).toEqual([])
    delete upstream.script.errors['tools/list']
    upstream.script.tools = 'nothing' as unknown as never[]
    await house.registry.refresh('files')
    expect(house.registry.server('files').health).toBe('failing')
    expect(names()).toEqual(['read', 'write'])
  })

  test('a method that is not there is an empty list', async () => {
    upstream.script.errors['prompts/list'] = { code: -32601, message: 'Method not found' }
    expect(await add()).toMatchObject({ health: 'ready' })
    expect(names()).toEqual(['read', 'write'])
  })
})

describe('a definition that goes', () => {
  test('is not offered any more, and is approved when it comes back as it was', async () => {
    await add()
    upstream.script.tools = [tool('read')]
    await house.registry.refresh('files')
    expect(names()).toEqual(['read'])
    expect(house.registry.server('files').definitions.find(({ name }) => name === 'write')).toMatchObject({
      gone: true,
    })
    upstream.script.tools = [tool('read'), tool('write')]
    expect(house.registry.entry('files')!.review('tool', upstream.script.tools)).toEqual([true, true])
    await expect.poll(names).toEqual(['read', 'write'])
  })

  test('for a day and was never approved is forgotten', async () => {
    await add()
    upstream.script.tools.push(tool('fleeting'))
    await house.registry.refresh('files')
    upstream.script.tools.pop()
    await house.registry.refresh('files')
    expect(house.registry.server('files').definitions).toHaveLength(3)
    await house.store.submit([
      { sql: 'UPDATE definitions SET last_seen_at = 0 WHERE name = ?', parameters: ['fleeting'] },
    ])
    upstream.script.tools.push(tool('other'))
    await house.registry.refresh('files')
    await house.registry.refresh('files')
    expect(house.registry.server('files').definitions.map(({ name }) => name)).toEqual([
      'other',
      'read',
      'write',
    ])
    expect(house.store.all('SELECT * FROM definition_versions WHERE name = ?', 'fleeting')).toEqual([])
  })
})

describe('limits', () => {
  test('what is too large, nameless or twice is left out alone, and said', async () => {
    upstream.script.tools = [
      tool('good'),
      tool('x'.repeat(129)),
      tool('big', { description: 'x'.repeat(65_536) }),
      tool('bad\u0007name'),
      { inputSchema: {} },
      'text' as never,
      tool('good', { description: 'the other' }),
      tool('header', {
        inputSchema: { type: 'object', properties: { a: { type: 'number', 'x-mcp-header': 'A' } } },
      }),
    ]
    const server = await add()
    expect(names()).toEqual(['good'])
    expect(house.registry.entry('files')!.catalog.tools.get('good')?.body).not.toHaveProperty('description')
    expect(server.health).toBe('ready')
    for (const said of [
      'longer than 128',
      'larger than 65536',
      'control characters',
      'no name',
      'listed twice',
    ]) {
      expect(server.lastError).toContain(said)
    }
    const header = server.definitions.find(({ name }) => name === 'header')!
    expect(header.reason).toContain('left out: x-mcp-header')
    await expect(house.registry.approve('files', [header], 'key_admin')).rejects.toMatchObject({
      code: 'invalid_params',
    })
    expect(house.registry.entry('files')!.review('tool', upstream.script.tools)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      false,
      false,
    ])
  })

  test('two thousand tools are taken, more are not', async () => {
    upstream.script.tools = Array.from({ length: 2005 }, (_, at) => tool(`tool_${at}_`))
    upstream.script.pageSize = 300
    const server = await add()
    expect(names()).toHaveLength(2000)
    expect(server.lastError).toContain('tools beyond 2000')
  })

  test('what is large in all is left out from there on, and said', async () => {
    upstream.script.pageSize = 90
    upstream.script.tools = Array.from({ length: 270 }, (_, at) =>
      tool(`tool_${at}_`, { description: 'x'.repeat(64_000) }),
    )
    upstream.script.resources = [
      { uri: 'file:///small', name: 'small' },
      { uri: 'file:///large', name: 'x'.repeat(16_384) },
    ]
    const server = await add()
    expect(names().length).toBeGreaterThan(255)
    expect(names().length).toBeLessThan(265)
    expect(server.lastError).toContain('too much in all')
    expect([...house.registry.entry('files')!.catalog.resources.keys()]).toEqual(['file:///small'])
  })

  test('endless pages end', async () => {
    upstream.script.pageSize = 0
    const server = await add()
    expect(server.health).toBe('ready')
    expect(upstream.seen.filter((method) => method === 'tools/list').length).toBeLessThanOrEqual(200)
  })

  test('callers who are shown something new each time write at a bounded pace and fill nothing', async () => {
    await add()
    const entry = house.registry.entry('files')!
    for (let at = 0; at < 5000; at++) expect(entry.review('tool', [tool(`new_${at}_`)])).toEqual([false])
    await expect.poll(() => house.registry.server('files').definitions.length).toBe(502)
    expect(house.notes('definition.quarantine', 'definition.change').length).toBeLessThanOrEqual(21)
    expect(names()).toEqual(['read', 'write'])
  })

  test('a server that keeps telling of changes is not read all the time', async () => {
    await add()
    const before = upstream.seen.filter((method) => method === 'tools/list').length
    const until = performance.now() + 2500
    while (performance.now() < until) {
      upstream.tell()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const readings = upstream.seen.filter((method) => method === 'tools/list').length - before
    expect(readings).toBeGreaterThanOrEqual(1)
    expect(readings).toBeLessThanOrEqual(5)
  })
})

describe('a server that was away', () => {
  test('is read again by itself, with its pins', async () => {
    await add()
    upstream.script.errors['server/discover'] = { code: -32603, message: 'Down' }
    await house.registry.refresh('files')
    expect(house.registry.server('files').health).toBe('failing')
    expect(names()).toEqual(['read', 'write'])
    upstream.script.tools[0] = tool('read', { description: 'Other' })
    delete upstream.script.errors['server/discover']
    await expect.poll(() => house.registry.server('files').health, { timeout: 20_000 }).toBe('ready')
    expect(names()).toEqual(['write'])
  })
})
