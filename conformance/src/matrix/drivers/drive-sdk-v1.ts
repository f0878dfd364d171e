import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import * as types from '@modelcontextprotocol/sdk/types.js'
import { knows } from '@parley/contract'
import type { Revision } from '@parley/contract'
import { answerElicitation, answers } from './answers.ts'
import { driveSdk } from './drive-sdk.ts'
import type { SdkVerbs } from './drive-sdk.ts'
import type { Driver, LiveDriver, Target, ToolCall, ToolResult } from './driver.ts'
import { loadSdk, sdkReleases } from './sdk-releases.ts'
import type { OldSdk, SdkRelease } from './sdk-releases.ts'

/** `@modelcontextprotocol/sdk` 1.x over Streamable HTTP. */
export async function driveSdkV1(target: Target): Promise<Driver> {
  const headers: Record<string, string> =
    target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }
  const transport = new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers } })
  return driveSdkV1Over(transport as Transport, () => transport.terminateSession())
}

/** A release of SDK 1.x, over Streamable HTTP or HTTP+SSE. */
export async function driveOldSdk(target: Target, release: SdkRelease, way: 'http' | 'sse'): Promise<Driver> {
  const sdk = await loadSdk(release)
  const headers: Record<string, string> =
    target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }
  // Only some releases send the headers of `requestInit` with the GET too.
  const fetchWithKey = (url: string | URL, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers } })
  const options = { requestInit: { headers }, eventSourceInit: { fetch: fetchWithKey } }
  const url = new URL(target.url)
  const { revision } = sdkReleases[release]
  if (way === 'sse') {
    const transport = new sdk.SSEClientTransport(url, options)
    const driver = await driveSdkV1Over(transport, async () => {}, { ...sdk, revision })
    return { ...driver, losesLastProgress: true }
  }
  if (!sdk.StreamableHTTPClientTransport) throw new Error(`${release} has no Streamable HTTP`)
  const transport = new sdk.StreamableHTTPClientTransport(url, options)
  const end = async () => transport.terminateSession?.()
  return driveSdkV1Over(transport, end, { ...sdk, revision })
}

type ClientSdk = Pick<OldSdk, 'Client' | 'types'> & { revision: Revision }

/** A client of SDK 1.x over any transport; `beforeClose` runs while it is still connected. */
export async function driveSdkV1Over(
  transport: Transport,
  beforeClose: () => Promise<void>,
  sdk: ClientSdk = { Client, types, revision: '2025-11-25' },
): Promise<Driver> {
  const client = new sdk.Client(
    { name: 'matrix-sdk-v1', version: '1.0.0' },
    {
      capabilities: {
        sampling: {},
        roots: { listChanged: true },
        ...(knows(sdk.revision, 'elicitation') ? { elicitation: { form: {}, url: {} } } : {}),
      },
    },
  )
  const negotiated = watchVersion(transport)
  const live = listenAndAnswer(client, sdk.types)
  await client.connect(transport)

  return driveSdk({
    // The generations declare the same shapes with different types.
    verbs: client as unknown as SdkVerbs,
    revision: negotiated,
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

function listenAndAnswer(client: Client, schemas: OldSdk['types']): LiveDriver {
  const changes: string[] = []
  const logs: string[] = []
  let withdrawn = 0
  client.setNotificationHandler(schemas.ToolListChangedNotificationSchema, () => void changes.push('tools'))
  client.setNotificationHandler(
    schemas.PromptListChangedNotificationSchema,
    () => void changes.push('prompts'),
  )
  client.setNotificationHandler(
    schemas.ResourceListChangedNotificationSchema,
    () => void changes.push('resources'),
  )
  client.setNotificationHandler(
    schemas.ResourceUpdatedNotificationSchema,
    ({ params }) => void changes.push(params.uri),
  )
  client.setNotificationHandler(
    schemas.LoggingMessageNotificationSchema,
    ({ params }) => void logs.push(String(params.data)),
  )
  /** A question that the server takes back is left open until then. */
  const withdraw = async (signal: AbortSignal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    withdrawn += 1
  }
  client.setRequestHandler(schemas.CreateMessageRequestSchema, async ({ params }, { signal }) => {
    if (JSON.stringify(params.messages).includes('Never mind')) await withdraw(signal)
    return answers.sampling
  })
  client.setRequestHandler(schemas.ListRootsRequestSchema, () => answers.roots)
  if (schemas.ElicitRequestSchema) {
    client.setRequestHandler(schemas.ElicitRequestSchema, async ({ params }, { signal }) => {
      if (!params.message.startsWith('Never mind')) return answerElicitation(params)
      await withdraw(signal)
      return { action: 'cancel' as const }
    })
  }
  return {
    changes,
    logs,
    withdrawnQuestions: () => withdrawn,
    async watch(uri) {
      await client.subscribeResource({ uri })
    },
  }
}

/** What `initialize` settled; not every release tells it to anybody. */
function watchVersion(transport: Transport): () => string | undefined {
  let revision: string | undefined
  let handler: Transport['onmessage']
  const watch: Transport['onmessage'] = (message, extra) => {
    const { result } = message as { result?: { protocolVersion?: string } }
    revision ??= result?.protocolVersion
    handler?.(message, extra)
  }
  Object.defineProperty(transport, 'onmessage', {
    get: () => (handler ? watch : undefined),
    set(next: Transport['onmessage']) {
      handler = next
    },
  })
  return () => revision
}
