import { join, resolve } from 'node:path'
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const bin = (name: string) => resolve(import.meta.dirname, '../../../node_modules/.bin', name)
const yaml = `
servers:
  everything: { command: ${bin('mcp-server-everything')}, package: '@modelcontextprotocol/server-everything@2026.8.31' }
  memory: { command: ${bin('mcp-server-memory')}, package: '@modelcontextprotocol/server-memory@2026.8.31' }
  files:
    command: ${bin('mcp-server-filesystem')}
    args: [${join(import.meta.dirname)}]
    package: '@modelcontextprotocol/server-filesystem@2026.8.31'
`

let hub: TestHub

beforeAll(async () => {
  hub = await startTestHub(yaml)
  await until(async () =>
    (await hub.api('GET', '/api/servers')).body.servers.every((server: any) => server.health === 'ready'),
  )
})

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
})

async function legacyClient(path: string): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { elicitation: {}, sampling: {}, roots: {} } },
  )
  const transport = new StreamableHTTPClientTransport(new URL(hub.url + path), {
    requestInit: { headers: hub.headers },
  })
  await client.connect(transport as Parameters<Client['connect']>[0])
  return client
}

async function modernClient(path: string): Promise<ModernClient> {
  const client = new ModernClient({ name: 'test', version: '2' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(
    new ModernTransport(new URL(hub.url + path), { requestInit: { headers: hub.headers } }),
  )
  return client
}

describe.each([
  ['an SDK 1 client (2025-11-25)', legacyClient],
  ['an SDK 2 client', modernClient],
])('%s', (_name, connect) => {
  test('lists and calls tools of one server by their own names', async () => {
    const client = await connect('/mcp/servers/everything')
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name)).toContain('echo')
    const result = await client.callTool({ name: 'echo', arguments: { message: 'hello' } })
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'Echo: hello' }] })
    await client.close()
  })

  test('finds the tools of all servers on the merged endpoint', async () => {
    const client = await connect('/mcp')
    const names = (await client.listTools()).tools.map((tool) => tool.name)
    expect(names).toEqual(
      expect.arrayContaining(['everything__echo', 'memory__read_graph', 'files__read_text_file']),
    )
    expect(names).not.toContain('echo')
    const result = await client.callTool({
      name: 'files__read_text_file',
      arguments: { path: join(import.meta.dirname, 'start-test-hub.ts') },
    })
    expect(JSON.stringify(result)).toContain('startTestHub')
    await client.close()
  })

  test('reads resources and prompts, and gets a clear error for what is not there', async () => {
    const client = await connect('/mcp/servers/everything')
    const { resources } = await client.listResources()
    expect((await client.readResource({ uri: resources[0]!.uri })).contents.length).toBeGreaterThan(0)
    const { prompts } = await client.listPrompts()
    expect((await client.getPrompt({ name: prompts[0]!.name })).messages.length).toBeGreaterThan(0)
    await expect(client.callTool({ name: 'no-such-tool', arguments: {} })).rejects.toThrow('Unknown tool')
    await client.close()
  })
})

test('progress of a legacy server reaches a legacy client with its own token', async () => {
  const client = await legacyClient('/mcp/servers/everything')
  const seen: number[] = []
  await client.callTool(
    { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 3 } },
    undefined,
    {
      onprogress: ({ progress }) => void seen.push(progress),
    },
  )
  expect(seen).toEqual([1, 2, 3])
  await client.close()
})

test('an elicitation of a server reaches the client on its own call', async () => {
  const client = await legacyClient('/mcp/servers/everything')
  let asked = 0
  client.setRequestHandler(ElicitRequestSchema, () => {
    asked++
    return { action: 'decline' as const }
  })
  const result = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} })
  expect(asked).toBe(1)
  expect(JSON.stringify(result)).toMatch(/decline/i)
  await client.close()
})

test('every call is in the activity record, and no key is in the logs', async () => {
  await until(async () => {
    const { body } = await hub.api('GET', '/api/activity')
    return body.records.some((one: any) => one.capability === 'tool:everything/echo' && one.result === 'ok')
  })
  expect(hub.logs.join('\n')).not.toContain(hub.key)
})

test('every call is counted by its method and result', async () => {
  const text = await (await fetch(`${hub.url}/metrics`, { headers: hub.headers })).text()
  expect(text).toMatch(/^parley_calls_total\{face="mcp",method="tools\/call",result="ok"\} [1-9]/m)
  expect(text).toMatch(/^parley_call_duration_seconds_count\{face="mcp"\} [1-9]/m)
  expect(text).toContain('parley_server_ready{server="everything",health="ready"} 1\n')
})
