import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ResourceServer } from './resource-server.contract.ts'
import { startExample } from './start-example.ts'

let server: ResourceServer
beforeAll(async () => {
  server = await startExample('express-notes/main.ts')
})
afterAll(() => server[Symbol.asyncDispose]())

async function connect(scope: string): Promise<Client> {
  const headers = { authorization: `Bearer ${await server.mint({ scope, sub: 'per_mcp' })}` }
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } }))
  return client
}

test('a client of MCP 2026-07-28 adds a note with the scope, and cannot without', async () => {
  const reader = await connect('notes:read')
  expect(reader.getNegotiatedProtocolVersion()).toBe('2026-07-28')
  const note = { name: 'add_note', arguments: { text: 'milk' } }
  await expect(reader.callTool(note)).rejects.toThrow()
  expect(JSON.stringify(await reader.callTool({ name: 'list_notes' }))).toContain('There are no notes')

  const writer = await connect('notes:write')
  await writer.callTool(note)
  expect(JSON.stringify(await reader.callTool({ name: 'list_notes' }))).toContain('1. milk')
  await reader.close()
  await writer.close()
})
