import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@modelcontextprotocol/client'

export interface ActionContext {
  client: Client
  /** What the suite hands to its client for this scenario, if anything. */
  given: { toolCalls?: Array<{ name: string; arguments: Record<string, unknown> }> }
}

type Action = (context: ActionContext) => Promise<void>

/** What each client scenario of the suite needs its client to do; the suite judges what arrives at its server. */
export const scenarioActions: Record<string, Action> = {
  initialize: listAndCallFirst,
  tools_call: listAndCallFirst,
  'request-metadata': listEverything,
  'json-schema-ref-no-deref': listEverything,
  'http-standard-headers': visitEverything,
  'http-custom-headers': callGiven,
  'http-invalid-tool-headers': callAllListed,
  'json-schema-2020-12-preservation': returnSchema,
  'elicitation-sep1034-client-defaults': ({ client }) => call(client, 'test_client_elicitation_defaults'),
  'sse-retry': ({ client }) => call(client, 'test_reconnection'),
  'sep-2322-client-request-state': walkThroughRounds,
}

/** Answers questions as a user who accepts whatever is offered. */
export function answerQuestions(client: Client): void {
  let isBetweenRounds = false
  client.setRequestHandler('elicitation/create', async (request) => {
    const schema = 'requestedSchema' in request.params ? request.params.requestedSchema : undefined
    // SEP-2322: state of one call must not leak into another that happens between its rounds.
    const offersMore = client.getNegotiatedProtocolVersion() === '2026-07-28' && !isBetweenRounds
    if (offersMore && schema?.properties !== undefined && 'confirmed' in schema.properties) {
      isBetweenRounds = true
      await call(client, 'test_mrtr_unrelated')
    }
    const needsAnswer = schema?.properties !== undefined && 'confirmed' in schema.properties
    return { action: 'accept', content: needsAnswer ? { confirmed: true } : {} }
  })
}

async function listAndCallFirst({ client }: ActionContext): Promise<void> {
  const [first] = (await client.listTools()).tools
  if (first !== undefined) await client.callTool({ name: first.name, arguments: { a: 2, b: 3 } })
}

async function listEverything({ client }: ActionContext): Promise<void> {
  await client.listTools()
}

async function visitEverything({ client }: ActionContext): Promise<void> {
  for (const tool of (await client.listTools()).tools) await call(client, tool.name)
  for (const resource of (await client.listResources()).resources)
    await client.readResource({ uri: resource.uri })
  for (const prompt of (await client.listPrompts()).prompts) await client.getPrompt({ name: prompt.name })
}

async function callGiven({ client, given }: ActionContext): Promise<void> {
  // Headers follow the listed schema, so the client has to have seen it.
  await client.listTools()
  for (const { name, arguments: args } of given.toolCalls ?? [])
    await client.callTool({ name, arguments: args })
}

async function callAllListed({ client }: ActionContext): Promise<void> {
  for (const tool of (await client.listTools()).tools) {
    await client.callTool({ name: tool.name, arguments: { region: 'us-west1' } })
  }
}

async function returnSchema({ client }: ActionContext): Promise<void> {
  const { tools } = await client.listTools()
  const schema = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema
  if (schema === undefined) throw new Error('json_schema_2020_12_tool is not listed')
  await client.callTool({ name: 'json_schema_echo', arguments: { schema } })
}

async function walkThroughRounds({ client }: ActionContext): Promise<void> {
  await client.listTools()
  await call(client, 'test_mrtr_echo_state')
  await call(client, 'test_mrtr_no_state')
  await call(client, 'test_mrtr_no_result_type')
  // A wrong retry of the last call would come on its own; give it the time to.
  await sleep(200)
}

async function call(client: Client, name: string): Promise<void> {
  await client.callTool({ name, arguments: {} })
}
