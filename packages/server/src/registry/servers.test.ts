import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashTarget } from './server-target.ts'
import { systemClock } from '../lib/clock.ts'
import { testServer } from './test-server.ts'
import { newDataDir, openHouse, removeDataDir, startUpstream } from './test-kit.ts'
import type { House, ScriptedUpstream } from './test-kit.ts'

let dataDir: string
let house: House
let upstream: ScriptedUpstream

const tool = (name: string, description = 'Does it.') => ({
  name,
  description,
  inputSchema: { type: 'object' },
})

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

function toolNames(server: string): string[] | undefined {
  const tools = house.registry.entry(server)?.catalog.tools
  return tools && [...tools.keys()].toSorted()
}

async function reopen(...declared: Parameters<typeof openHouse>[1] & unknown[]): Promise<void> {
  await house.close()
  house = await openHouse(dataDir, declared)
}

const http = (url: string) => ({ transport: 'http', url }) as const

describe('adding a server', () => {
  test('approves its first definitions with it, once, in one unit with the record', async () => {
    const server = await house.registry.add({ name: 'files', url: upstream.url }, 'key_admin')
    expect(server).toMatchObject({ health: 'ready', lastError: undefined })
    expect(toolNames('files')).toEqual(['read', 'write'])
    upstream.script.tools.push(tool('remove'))
    await house.registry.refresh('files')
    expect(toolNames('files')).toEqual(['read', 'write'])
    expect(house.registry.entry('files')!.standing('tool', 'remove')).toBe('quarantined')
    expect(house.notes('server.add', 'definition.approve', 'definition.quarantine')).toEqual([
      'files',
      'files: 2 first definitions approved with the server',
      'files: tool remove: new, not yet approved',
    ])
  })

  test('that cannot be reached keeps it, and says so', async () => {
    await upstream.close()
    const server = await house.registry.add({ name: 'files', url: upstream.url }, 'key_admin')
    expect(server.health).toBe('unreachable')
    expect(server.lastError).toBeTruthy()
    expect(toolNames('files')).toEqual([])
  })

  test.each([
    ['a command', { command: '/bin/sh', args: ['-c', 'true'] }],
    ['a stdio transport', { transport: 'stdio' }],
    ['a package', { package: 'x@1.0.0' }],
  ])('with %s is refused in clear words (L1)', async (_what, extra) => {
    const body = { name: 'evil', url: upstream.url, ...extra }
    await expect(house.registry.add(body, 'key_admin')).rejects.toMatchObject({
      code: 'invalid_params',
      message: expect.stringContaining('parley.yaml') as unknown,
    })
    expect(house.registry.servers()).toEqual([])
  })

  test.each([
    'file:///etc/passwd',
    'ftp://example.com/',
    'http://a:b@example.com/',
    'https://example.com/#x',
    'nothing',
    '',
  ])('at %s is refused', async (url) => {
    await expect(house.registry.add({ name: 'x', url }, 'key_admin')).rejects.toMatchObject({
      code: 'invalid_params',
    })
  })

  test.each([
    ['mail', 'mail'],
    ['mail', 'mai1'],
    ['git-hub', 'github'],
  ])('after %s under the name %s is refused (T4)', async (first, second) => {
    await house.registry.add({ name: first, url: upstream.url }, 'key_admin')
    await expect(house.registry.add({ name: second, url: upstream.url }, 'key_admin')).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(house.registry.servers()).toHaveLength(1)
  })

  test('twice at the same moment adds one', async () => {
    const both = await Promise.allSettled([
      house.registry.add({ name: 'files', url: upstream.url }, 'key_a'),
      house.registry.add({ name: 'files', url: upstream.url }, 'key_b'),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(house.notes('server.add')).toEqual(['files'])
  })
})

describe('testing a server', () => {
  test('says each step, up to the one that fails, and stores nothing', async () => {
    const server = await house.registry.add({ name: 'files', url: upstream.url, pending: true }, 'key_admin')
    upstream.script.tools.push(tool('third'))
    const good = await testServer(server, systemClock)
    expect(good).toMatchObject({ ok: true, era: '2026-07-28' })
    expect(good.steps.map(({ step, detail }) => `${step}: ${detail}`)).toEqual([
      'connect and detect the era: 2026-07-28',
      'discover: offers tools, prompts, resources',
      'tools/list: 3 on the first page',
      'prompts/list: 0 on the first page',
      'resources/templates/list: 0 on the first page',
    ])
    upstream.script.errors['prompts/list'] = { code: -32603, message: 'Broken' }
    const bad = await testServer(server, systemClock)
    expect(bad).toMatchObject({ ok: false, era: '2026-07-28' })
    expect(bad.steps.at(-1)).toMatchObject({ step: 'prompts/list', ok: false })
    expect(server.definitions).toHaveLength(2)
  })
})

describe('a pending server (T3)', () => {
  test('shows nothing before review, then exactly what was approved, and nothing more at later readings', async () => {
    const server = await house.registry.add({ name: 'new', url: upstream.url, pending: true }, 'key_admin')
    expect(server.definitions.map(({ name }) => name)).toEqual(['read', 'write'])
    expect(house.registry.entry('new')).toBeUndefined()
    expect(house.registry.entries()).toEqual([])
    await house.registry.refresh('new')
    expect(house.registry.entry('new')).toBeUndefined()
    const { kind, name, hash } = server.definitions[0]!
    await house.registry.approve('new', [{ kind, name, hash }], 'key_admin')
    expect(toolNames('new')).toEqual(['read'])
    await house.registry.refresh('new')
    expect(toolNames('new')).toEqual(['read'])
    await reopen()
    await expect.poll(() => house.registry.server('new').health).toBe('ready')
    expect(toolNames('new')).toEqual(['read'])
  })
})

describe('approving', () => {
  beforeEach(async () => {
    await house.registry.add({ name: 'files', url: upstream.url }, 'key_admin')
    upstream.script.tools = [tool('read', 'Changed.'), tool('write', 'Changed.')]
    await house.registry.refresh('files')
  })

  const seen = () =>
    house.registry.server('files').definitions.map(({ kind, name, hash }) => ({ kind, name, hash }))

  test('what was seen makes it visible, records who did it, and survives a restart', async () => {
    expect(toolNames('files')).toEqual([])
    await house.registry.approve('files', seen(), 'key_admin')
    expect(toolNames('files')).toEqual(['read', 'write'])
    expect(house.notes('definition.approve').slice(1)).toEqual(['files: tool read', 'files: tool write'])
    const [record] = house.activity.list({ before: undefined, limit: 1 })
    expect(record?.record).toMatchObject({
      subject: 'key_admin',
      capability: 'tool:files/write',
      definitionHash: seen()[1]!.hash,
    })
    await reopen()
    expect(toolNames('files')).toEqual(['read', 'write'])
  })

  test('what has changed again since is a conflict, and nothing of the batch is approved', async () => {
    const before = seen()
    upstream.script.tools[1] = tool('write', 'Changed once more.')
    await house.registry.refresh('files')
    await expect(house.registry.approve('files', before, 'key_admin')).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(toolNames('files')).toEqual([])
    expect(house.notes('definition.approve')).toHaveLength(1)
  })

  test('what was never offered, or is gone, is refused', async () => {
    const before = seen()
    await expect(
      house.registry.approve('files', [{ kind: 'tool', name: 'nothing', hash: 'x' }], 'key_admin'),
    ).rejects.toMatchObject({ code: 'not_found' })
    upstream.script.tools = []
    await house.registry.refresh('files')
    await expect(house.registry.approve('files', before, 'key_admin')).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})

describe('removing a server', () => {
  test('takes definitions, approvals and allowance with it; under the same name all begins anew', async () => {
    const changes: string[] = []
    house.registry.onChange(({ server }) => changes.push(server))
    const { id } = await house.registry.add({ name: 'files', url: upstream.url }, 'key_admin')
    await house.registry.remove('files', 'key_admin')
    expect(house.registry.entry('files')).toBeUndefined()
    expect(changes.at(-1)).toBe('files')
    expect(house.store.all('SELECT * FROM definitions')).toEqual([])
    expect(house.store.all('SELECT * FROM definition_versions')).toEqual([])
    upstream.script.tools = [tool('other')]
    const again = await house.registry.add({ name: 'files', url: upstream.url }, 'key_admin')
    expect(again.id).not.toBe(id)
    expect(toolNames('files')).toEqual(['other'])
    expect(house.notes('server.add', 'server.remove')).toEqual(['files', 'files', 'files'])
  })

  test('ends while the server hangs, and it is not read again', async () => {
    await house.registry.add({ name: 'files', url: upstream.url }, 'key_admin')
    upstream.script.before = () => new Promise(() => undefined)
    const before = upstream.seen.length
    const refreshing = house.registry.refresh('files')
    await expect.poll(() => upstream.seen.length).toBeGreaterThan(before)
    await house.registry.remove('files', 'key_admin')
    await refreshing
    expect(house.registry.servers()).toEqual([])
    const count = upstream.seen.length
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(upstream.seen.length).toBe(count)
  })
})

describe('parley.yaml and the store', () => {
  test('a declared server keeps its pins over restarts, and cannot be removed by the API', async () => {
    await reopen({ name: 'files', target: http(upstream.url) })
    await expect.poll(() => toolNames('files')).toEqual(['read', 'write'])
    upstream.script.tools[0] = tool('read', 'Changed.')
    await reopen({ name: 'files', target: http(upstream.url) })
    await expect.poll(() => toolNames('files')).toEqual(['write'])
    await expect(house.registry.remove('files', 'key_admin')).rejects.toMatchObject({ code: 'conflict' })
    expect(toolNames('files')).toEqual(['write'])
  })

  test('another target ends the old approvals: what is not offered there is not known any more (T2, G11)', async () => {
    await reopen({ name: 'files', target: http(upstream.url) })
    await expect.poll(() => toolNames('files')).toEqual(['read', 'write'])
    const { id } = house.registry.server('files')
    const elsewhere = await startUpstream({
      tools: [tool('read')],
      before: () => new Promise(() => undefined),
    })
    await reopen({ name: 'files', target: http(elsewhere.url) })
    expect(house.registry.server('files').id).not.toBe(id)
    expect(house.registry.entry('files')).toBeUndefined()
    expect(house.registry.server('files').row.state).toBe('pending')
    expect(house.store.all('SELECT * FROM definitions')).toEqual([])
    expect(house.notes('server.remove')).toEqual([
      expect.stringMatching(/^files is declared with another target; its approvals end/),
    ])
    await elsewhere.close()
  })

  test('a server that is no longer declared is gone; one that was added stays', async () => {
    await house.registry.add({ name: 'added', url: upstream.url }, 'key_admin')
    await reopen({ name: 'files', target: http(upstream.url) })
    expect(house.registry.servers().map(({ name }) => name)).toEqual(['added', 'files'])
    await reopen()
    expect(house.registry.servers().map(({ name }) => name)).toEqual(['added'])
  })

  test('a declared name takes over an added one without its approvals', async () => {
    await house.registry.add({ name: 'files', url: upstream.url, pending: true }, 'key_admin')
    const elsewhere = await startUpstream({ tools: [tool('read')] })
    await reopen({ name: 'files', target: http(elsewhere.url) })
    expect(house.registry.server('files').row).toMatchObject({ source: 'file', target: http(elsewhere.url) })
    await elsewhere.close()
  })

  test('the target is URL and path, or command, arguments and package', () => {
    const stdio = { transport: 'stdio', command: '/bin/a', args: ['x'], package: 'a@1.0.0' } as const
    const targets = [
      http('http://a/'),
      http('http://a/b'),
      http('https://a/'),
      stdio,
      { ...stdio, command: '/bin/b' },
      { ...stdio, args: ['y'] },
      { ...stdio, args: [] },
      { ...stdio, package: 'a@1.0.1' },
    ]
    expect(new Set(targets.map(hashTarget)).size).toBe(targets.length)
  })
})
