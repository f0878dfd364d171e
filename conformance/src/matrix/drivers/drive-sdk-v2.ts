import { Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { CallToolRequest } from '@modelcontextprotocol/client'
import type { Revision } from '../../suite/suite-command.ts'
import { answerElicitation, answers } from './answers.ts'
import { driveSdk } from './drive-sdk.ts'
import type { SdkVerbs } from './drive-sdk.ts'
import type { Driver, LiveDriver, Target, ToolCall, ToolResult } from './driver.ts'

/** `@modelcontextprotocol/client` over Streamable HTTP. */
export async function driveSdkV2(target: Target, revision: Revision): Promise<Driver> {
  const client = new Client(
    { name: 'matrix-sdk-v2', version: '1.0.0' },
    {
      capabilities: { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } },
      versionNegotiation: { mode: revision === '2026-07-28' ? 'auto' : 'legacy' },
    },
  )
  const live = listenAndAnswer(client, revision)
  const headers: Record<string, string> =
    target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }
  const transport = new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers } })
  await client.connect(transport)

  return driveSdk({
    // The generations declare the same shapes with different types.
    verbs: client as unknown as SdkVerbs,
    revision: () => client.getNegotiatedProtocolVersion(),
    callTool: (call) => callTool(client, call, revision),
    live,
    async close() {
      await transport.terminateSession()
      await client.close()
    },
  })
}

async function callTool(client: Client, call: ToolCall, revision: Revision): Promise<ToolResult> {
  const { name, args = {}, onProgress, signal, withLogs } = call
  let meta = call.meta
  if (withLogs && revision === '2026-07-28') meta = { ...meta, [LOG_LEVEL_META_KEY]: 'debug' }
  if (withLogs && revision === '2025-11-25') await client.setLoggingLevel('debug')
  const params: CallToolRequest['params'] = {
    name,
    arguments: args,
    ...(meta === undefined ? {} : { _meta: meta }),
  }
  const result = await client.callTool(params, {
    ...(onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
    ...(signal === undefined ? {} : { signal }),
  })
  return result as ToolResult
}

function listenAndAnswer(client: Client, revision: Revision): LiveDriver {
  const changes: string[] = []
  const logs: string[] = []
  let withdrawn = 0
  client.setNotificationHandler('notifications/tools/list_changed', () => void changes.push('tools'))
  client.setNotificationHandler('notifications/prompts/list_changed', () => void changes.push('prompts'))
  client.setNotificationHandler('notifications/resources/list_changed', () => void changes.push('resources'))
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }) => void changes.push(params.uri),
  )
  client.setNotificationHandler('notifications/message', ({ params }) => void logs.push(String(params.data)))
  const withdraw = async (signal: AbortSignal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    withdrawn += 1
  }
  client.setRequestHandler('sampling/createMessage', async ({ params }, context) => {
    if (JSON.stringify(params.messages).includes('Never mind')) await withdraw(context.mcpReq.signal)
    return answers.sampling
  })
  client.setRequestHandler('roots/list', () => answers.roots)
  client.setRequestHandler('elicitation/create', async ({ params }, context) => {
    if (!params.message.startsWith('Never mind')) return answerElicitation(params)
    await withdraw(context.mcpReq.signal)
    return { action: 'cancel' as const }
  })
  return {
    changes,
    logs,
    withdrawnQuestions: () => withdrawn,
    async watch(uri) {
      if (revision === '2025-11-25') {
        await client.subscribeResource({ uri })
        return
      }
      await client.listen({
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        resourceSubscriptions: [uri],
      })
    },
  }
}
