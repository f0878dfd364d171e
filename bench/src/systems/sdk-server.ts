/**
 * An ordinary server made with the TypeScript SDK v2, schemas built once: what a hub stands in front of in
 * practice. Prints its port when ready.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NodeIncomingMessageLike } from '@modelcontextprotocol/node'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const echoInput = z.object({ text: z.string() })

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'sdk-server', version: '1.0.0' })
  server.registerTool('echo', { description: 'Says it again', inputSchema: echoInput }, ({ text }) => ({
    content: [{ type: 'text', text: `bench-ok ${text}` }],
  }))
  return server
})
const listener = toNodeHandler(handler)

const server = createServer((request, response) => {
  // The adapter's type is node's own without `undefined` in optional fields, which exactOptionalPropertyTypes minds.
  void listener(request as NodeIncomingMessageLike, response)
})
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as AddressInfo).port))
process.on('SIGTERM', () => process.exit(0))
