import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { answerElicitation, answers } from './answers.ts'
import { driveSdk } from './drive-sdk.ts'
import type { SdkVerbs } from './drive-sdk.ts'
import type { Driver, LiveDriver, Target, ToolCall, ToolResult } from './driver.ts'

/** `@modelcontextprotocol/sdk` 1.x over Streamable HTTP. */
export async function driveSdkV1(target: Target): Promise<Driver> {
  const headers: Record<string, string> =
    target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }
  const transport = new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers } })
  return driveSdkV1Over(transport as Transport, () => transport.terminateSession())
}

/** The same client over any transport; `beforeClose` runs while it is still connected. */
export async function driveSdkV1Over(
  transport: Transport,
  beforeClose: () => Promise<void>,
): Promise<Driver> {
  const client = new Client(
    { name: 'matrix-sdk-v1', version: '1.0.0' },
    { capabilities: { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } } },
  )
  let revision: string | undefined
  // The client tells its transport what was negotiated, and nobody else.
  const { setProtocolVersion } = transport
  transport.setProtocolVersion = (version) => {
    revision = version
    setProtocolVersion?.call(transport, version)
  }
  const live = listenAndAnswer(client)
  await client.connect(transport)

  return driveSdk({
    // The generations declare the same shapes with different types.
    verbs: client as unknown as SdkVerbs,
    revision: () => revision,
    callTool: (call) => callTool(client, call),
    live,
    async close() {
      await beforeClose()
      await client.close()
    },
  })
}

async function callTool(client: Client, call: ToolCall): Promise<ToolResult> {
  const { name, args = {}, meta, onProgress, signal, withLogs } = call
  if (withLogs) await client.setLoggingLevel('debug')
  const params = { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) }
  const result = await client.callTool(params, undefined, {
    ...(onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
    ...(signal === undefined ? {} : { signal }),
  })
  return result as ToolResult
}

function listenAndAnswer(client: Client): LiveDriver {
  const changes: string[] = []
  const logs: string[] = []
  let withdrawn = 0
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void changes.push('tools'))
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => void changes.push('prompts'))
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void changes.push('resources'))
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => void changes.push(params.uri),
  )
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => void logs.push(String(params.data)),
  )
  client.setRequestHandler(CreateMessageRequestSchema, () => answers.sampling)
  client.setRequestHandler(ListRootsRequestSchema, () => answers.roots)
  client.setRequestHandler(ElicitRequestSchema, async ({ params }, { signal }) => {
    if (!params.message.startsWith('Never mind')) return answerElicitation(params)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    withdrawn += 1
    return { action: 'cancel' as const }
  })
  return {
    changes,
    logs,
    withdrawnQuestions: () => withdrawn,
    async watch(uri) {
      await client.subscribeResource({ uri })
    },
  }
}
