import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport as LegacyTransportType } from '@modelcontextprotocol/sdk/shared/transport.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { badHeaderTools } from './definitions.ts'
import type { EvilHttp } from './evil-http.ts'
import { countSeen, forget, lastSeen } from './evil-state.ts'
import { startEvil } from './start-evil.ts'

describe('the modern evil server, met by the SDK client', () => {
  let evil: EvilHttp
  let client: Client
  beforeEach(async () => {
    evil = await startEvil('2026-07-28')
    client = new Client(
      { name: 't', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } }, capabilities: { elicitation: {} } },
    )
    client.setRequestHandler('elicitation/create', () => ({
      action: 'accept' as const,
      content: { name: 'Ada' },
    }))
    await client.connect(new StreamableHTTPClientTransport(new URL(evil.url)))
  })
  afterEach(async () => {
    await client.close()
    await evil.close()
  })

  it('lists its tools, page by page', async () => {
    evil.state.pageSize = 7
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name)).toContain('world')
    expect(countSeen(evil.state, 'tools/list')).toBeGreaterThan(3)
  })

  it('counts calls and shows the headers that arrived', async () => {
    await client.callTool({ name: 'count', arguments: {} })
    const second = await client.callTool({ name: 'count', arguments: {} })
    expect(second.content).toEqual([{ type: 'text', text: '2' }])
    const headers = await client.callTool({ name: 'echo_headers', arguments: {} })
    expect(JSON.stringify(headers.content).toLowerCase()).toContain('mcp-method')
  })

  it('asks once and gets its own state back on the retry', async () => {
    const reply = await client.callTool({ name: 'ask', arguments: { text: 'q' } })
    expect(JSON.stringify(reply.content)).toContain('Ada')
    expect(JSON.stringify(reply.content)).toContain('raw-upstream-state-q')
    expect(countSeen(evil.state, 'tools/call', 'ask')).toBe(2)
  })

  it('records a closed call as cancelled', async () => {
    const abort = new AbortController()
    const call = client.callTool({ name: 'hang', arguments: {} }, { signal: abort.signal })
    call.catch(() => 'expected')
    await until(() => countSeen(evil.state, 'tools/call', 'hang') === 1)
    abort.abort()
    await until(() => evil.state.cancelled.length === 1)
    expect(evil.state.cancelled[0]).toMatchObject({ name: 'hang', via: 'closed' })
  })

  it('offers header tools that a conforming client drops, one and all', async () => {
    evil.state.tools = [...badHeaderTools(), ...evil.state.tools]
    const { tools } = await client.listTools()
    expect(tools.filter((tool) => tool.name.startsWith('broken_header_')).map((tool) => tool.name)).toEqual(
      [],
    )
    expect(tools.map((tool) => tool.name)).toContain('header_tool')
  })

  it('comes back on the same port after a crash, everything forgotten on demand', async () => {
    await evil.down()
    await expect(client.callTool({ name: 'echo', arguments: {} })).rejects.toThrow()
    await evil.up()
    forget(evil.state)
    await client.callTool({ name: 'echo', arguments: { a: 1 } })
    expect(lastSeen(evil.state, 'tools/call')?.name).toBe('echo')
  })
})

describe('the legacy evil server, met by the SDK client', () => {
  let evil: EvilHttp
  let client: LegacyClient
  beforeEach(async () => {
    evil = await startEvil('2025-11-25')
    client = new LegacyClient({ name: 't', version: '1' }, { capabilities: {} })
    const transport = new LegacyTransport(new URL(evil.url))
    await client.connect(transport as unknown as LegacyTransportType)
  })
  afterEach(async () => {
    await client.close()
    await evil.close()
  })

  it('opens a session and lists its tools', async () => {
    expect(evil.sessions.size).toBe(1)
    const { tools } = await client.listTools()
    expect(tools.length).toBeGreaterThan(20)
  })

  it('sends a server request although none was declared, and is refused', async () => {
    const reply = await client.callTool({
      name: 'server_request',
      arguments: { method: 'sampling/createMessage' },
    })
    expect(JSON.stringify(reply.content)).toContain('error')
    expect(evil.state.answersToServerRequests).toHaveLength(1)
  })

  it('records a cancelled notification', async () => {
    const abort = new AbortController()
    const call = client.callTool({ name: 'hang', arguments: {} }, undefined, { signal: abort.signal })
    call.catch(() => 'expected')
    await until(() => countSeen(evil.state, 'tools/call', 'hang') === 1)
    abort.abort()
    await until(() => evil.state.cancelled.length === 1)
    expect(evil.state.cancelled[0]).toMatchObject({ via: 'notification' })
  })

  it('sends notifications on the standing stream', async () => {
    const changed = new Promise<void>((resolve) => {
      client.fallbackNotificationHandler = () => Promise.resolve(resolve())
    })
    await until(() => evil.broadcast('notifications/tools/list_changed') === 1)
    await changed
  })
})

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (isTrue()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('never became true')
}
