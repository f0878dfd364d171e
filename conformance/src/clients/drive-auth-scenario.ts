/**
 * The command the suite starts for a client scenario about authorization, with the URL of its mock server as last
 * argument. A hub has that server; a person signs up at the hub, connects the server for everyone, and a client then
 * calls it through the hub. The person's browser is a program that follows the authorization URL.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { agreeToGo, beginToConnect } from '../../../packages/server/test/connected-hubs.ts'
import type { PageVisitor } from '../../../packages/server/test/page-visitor.ts'
import { joinByLink } from '../../../packages/server/test/sign-in.ts'
import { startHub, type Hub } from '../hub/start-hub.ts'

/** A person does not go the same way for ever. */
const maxWays = 3
/** The only client_id that the scenario for metadata documents takes for one. */
const documentUrl = 'https://conformance-test.local/client-metadata.json'

await main()

async function main(): Promise<void> {
  const url = process.argv.at(-1) ?? ''
  const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? ''
  const given = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}')
  const connections = {
    authorizationServerHosts: ['localhost:*', '127.0.0.1:*'],
    ...(scenario === 'auth/basic-cimd' && { clientMetadataUrl: documentUrl }),
  }
  const hub = await startHub({ suite: { url } }, { settings: { connections }, isAwaited: false })
  try {
    if (given.client_id !== undefined) await giveClient(hub, given)
    const { visitor } = await joinByLink(hub.url, {
      link: hub.setupLink,
      email: 'ada@example.com',
      password: 'seven quiet herons',
    })
    for (let way = 0; way < maxWays; way++) {
      if (await callThroughHub(hub)) return
      if (!(await connect(hub, visitor))) break
    }
    throw new Error(`The server was not reached.\n${hub.errors()}`)
  } finally {
    await hub.stop()
  }
}

/** True once the server's tool has answered. */
async function callThroughHub(hub: Hub): Promise<boolean> {
  if (!(await isRead(hub))) return false
  const isModern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28'
  const client = new Client(
    { name: 'conformance-client', version: '1.0.0' },
    { versionNegotiation: { mode: isModern ? 'auto' : 'legacy' } },
  )
  const requestInit = { headers: { authorization: `Bearer ${hub.key}` } }
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(hub.endpoint('suite')), { requestInit }))
    const [tool] = (await client.listTools()).tools
    if (tool === undefined) return false
    await client.callTool({ name: tool.name, arguments: {} })
    return true
  } catch (error) {
    console.error(String(error))
    return false
  } finally {
    await client.close()
  }
}

/** Lets the hub read the server with what it has now. */
async function isRead(hub: Hub): Promise<boolean> {
  const { health } = (await api(hub, 'POST', '/api/servers/suite/refresh')) as { health: string }
  return health === 'ready'
}

/** The person's way there and back; false when the hub does not let them go, or nothing came of it. */
async function connect(hub: Hub, visitor: PageVisitor): Promise<boolean> {
  const page = await beginToConnect(visitor, 'everyone')
  if (page.status !== 200) return false
  const away = await agreeToGo(visitor, page)
  if (away.origin === new URL(hub.url).origin) return false
  const answer = await fetch(away, { redirect: 'manual' })
  const back = await visitor.open(answer.headers.get('location') ?? '')
  return back.text.includes('<h1>Connected</h1>')
}

async function giveClient(hub: Hub, given: { client_id: string; client_secret?: string }): Promise<void> {
  const body = { clientId: given.client_id, clientSecret: given.client_secret }
  await api(hub, 'PUT', '/api/servers/suite/client', body)
}

async function api(hub: Hub, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(hub.url + path, {
    method,
    headers: { authorization: `Bearer ${hub.key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}
