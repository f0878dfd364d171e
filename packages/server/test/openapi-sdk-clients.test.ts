import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { expect, test } from 'vitest'
import { findDocument, readDefinition } from './real-document.ts'
import { sampleValue } from './sample-value.ts'
import { startTestHub, until } from './start-test-hub.ts'
import { startValidatingService } from './validating-service.ts'

type Client = Pick<ClientV1, 'listTools' | 'callTool' | 'close'>

/** One of each era. */
const CLIENTS: [string, (url: URL, headers: Record<string, string>) => Promise<Client>][] = [
  [
    'SDK v1, 2025-11-25',
    async (url, headers) => {
      const client = new ClientV1({ name: 'e2e', version: '1' })
      await client.connect(new TransportV1(url, { requestInit: { headers } }) as never)
      return client
    },
  ],
  [
    'SDK v2, 2026-07-28',
    async (url, headers) => {
      const client = new ClientV2({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } })
      await client.connect(new TransportV2(url, { requestInit: { headers } }))
      return client as unknown as Client
    },
  ],
]

/** The clients hold structured content against the output schema, and throw where it does not fit. */
test.each(CLIENTS)(
  '%s takes the tools and answers of a real service',
  { timeout: 300_000 },
  async (_, connect) => {
    const path = findDocument('@figma/rest-api-spec/openapi/openapi.yaml')
    await using service = await startValidatingService(readDefinition(path), '')
    await using hub = await startTestHub(
      JSON.stringify({ servers: { figma: { openapi: path, url: service.origin } } }),
    )
    await until(async () => (await hub.api('GET', '/api/servers/figma')).body.health === 'ready')
    const client = await connect(new URL(`${hub.url}/mcp/servers/figma`), { ...hub.headers })
    const { tools } = await client.listTools()
    expect(tools.length).toBeGreaterThan(40)
    const withSchema = tools.filter(({ outputSchema }) => outputSchema !== undefined)
    expect(withSchema.length).toBeGreaterThan(30)
    const unfit: string[] = []
    for (const { name, inputSchema } of tools) {
      const args = sampleValue(inputSchema, { all: false }) as Record<string, unknown>
      const result = await client.callTool({ name, arguments: args })
      if (result.isError === true || JSON.stringify(result.content).includes('does not fit'))
        unfit.push(`${name} ${JSON.stringify(result.content).slice(0, 300)}`)
    }
    await client.close()
    expect(unfit).toEqual([])
    expect(service.refused).toEqual([])
  },
)
