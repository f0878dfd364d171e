/**
 * The command the suite starts for a client scenario, with the URL of its mock server as last argument. Drives that
 * server with the SDK's client, directly, or with `--through-hub` through a hub that has the URL as its server.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { startHub } from '../hub/start-hub.ts'
import { answerQuestions, scenarioActions } from './scenario-actions.ts'

await main()

async function main(): Promise<void> {
  const url = process.argv.at(-1) ?? ''
  const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? ''
  const action = scenarioActions[scenario]
  if (action === undefined) throw new Error(`No action for the scenario ${scenario}`)
  const given = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}')

  if (!process.argv.includes('--through-hub')) {
    const client = await connect(url)
    await action({ client, given })
    await client.close()
    return
  }
  const hub = await startHub({ suite: { url } })
  try {
    const client = await connect(hub.endpoint('suite'), hub.key)
    await action({ client, given })
    await client.close()
  } finally {
    await hub.stop()
  }
}

async function connect(url: string, key?: string): Promise<Client> {
  const isModern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28'
  const client = new Client(
    { name: 'conformance-client', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } } },
      versionNegotiation: { mode: isModern ? 'auto' : 'legacy' },
    },
  )
  answerQuestions(client)
  const requestInit =
    key === undefined ? {} : { requestInit: { headers: { authorization: `Bearer ${key}` } } }
  await client.connect(new StreamableHTTPClientTransport(new URL(url), requestInit))
  return client
}
