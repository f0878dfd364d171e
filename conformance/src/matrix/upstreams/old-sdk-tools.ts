import { setTimeout as sleep } from 'node:timers/promises'
import { knows } from '@parley/contract'
import type { Revision } from '@parley/contract'
import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { pageOf } from '../../fixture/page-of.ts'
import { sdkReleases } from '../drivers/sdk-releases.ts'
import type { OldSdk, SdkRelease } from '../drivers/sdk-releases.ts'

/** What all sessions of one process share. */
export interface OldWorld {
  revision: Revision
  pageSize: number
  cancelledCalls: number
  hasExtra: { tools: boolean; prompts: boolean; resources: boolean }
  servers: Set<OldSession>
}

interface OldSession {
  server: Server
  uris: Set<string>
}

export function createOldWorld(release: SdkRelease, pageSize: number): OldWorld {
  const hasExtra = { tools: false, prompts: false, resources: false }
  return {
    revision: sdkReleases[release].revision,
    pageSize,
    cancelledCalls: 0,
    hasExtra,
    servers: new Set(),
  }
}

interface OldCall {
  args: Record<string, unknown>
  meta: Record<string, unknown>
  signal: AbortSignal
  sdk: OldSdk
  world: OldWorld
  notify: (method: string, params: object) => Promise<void>
  ask: (method: string, params: object, signal?: AbortSignal) => Promise<unknown>
}

type OldTool = (call: OldCall) => Promise<object> | object

const watchedUri = 'test://watched-resource'
const panelUri = 'ui://everything/panel'
const textResult = (text: string) => ({ content: [{ type: 'text', text }] })

/** The tools that the features of the matrix call, as far as the revision has words for them. */
const tools: Record<string, { since?: Parameters<typeof knows>[1]; run: OldTool; more?: object }> = {
  test_simple_text: { run: () => textResult('This is a simple text response') },
  test_tool_with_progress: {
    async run(call) {
      for (const progress of [0, 50, 100]) {
        await tellProgress(call, progress)
        // Clients of SDK 1.x let an answer overtake progress that comes in the same breath.
        await sleep(80)
      }
      return textResult('Reported progress')
    },
  },
  test_structured_content: {
    since: 'structuredContent',
    more: {
      outputSchema: { type: 'object', properties: { city: { type: 'string' }, degrees: { type: 'number' } } },
    },
    run: ({ args }) => {
      const structuredContent = { city: args['city'], degrees: 21 }
      return { ...textResult(JSON.stringify(structuredContent)), structuredContent }
    },
  },
  test_sampling: {
    run: async ({ ask }) =>
      textResult(JSON.stringify(await ask('sampling/createMessage', sampling('Say something')))),
  },
  test_elicitation: {
    since: 'elicitation',
    async run({ ask }) {
      const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
      return textResult(JSON.stringify(await ask('elicitation/create', { message: 'Who?', requestedSchema })))
    },
  },
  test_elicitation_url: {
    since: 'urlElicitation',
    async run({ ask }) {
      const params = { mode: 'url', message: 'Sign in', url: 'https://example.com/', elicitationId: 'e1' }
      const { action } = (await ask('elicitation/create', params)) as { action: string }
      return textResult(`action=${action}`)
    },
  },
  test_roots: { run: async ({ ask }) => textResult(JSON.stringify(await ask('roots/list', {}))) },
  test_tool_with_logging: {
    async run({ notify }) {
      for (const data of ['started', 'working', 'done']) {
        await notify('notifications/message', { level: 'info', data })
        await sleep(10)
      }
      return textResult('Logged three messages')
    },
  },
  test_cancellable: {
    async run(call) {
      const { signal, world } = call
      signal.addEventListener('abort', () => (world.cancelledCalls += 1), { once: true })
      await tellProgress(call, 1)
      await sleep(Number(call.args['milliseconds']), undefined, { signal })
      return textResult('Worked to the end')
    },
  },
  test_cancelled_count: { run: ({ world }) => textResult(String(world.cancelledCalls)) },
  test_withdrawn_question: {
    async run({ ask }) {
      try {
        await ask('sampling/createMessage', sampling('Never mind this question'), AbortSignal.timeout(300))
        return textResult('Answered')
      } catch (error) {
        return textResult(`Withdrawn: ${String(error)}`)
      }
    },
  },
  test_trigger_tool_change: { run: ({ world }) => change(world, 'tools') },
  test_trigger_prompt_change: { run: ({ world }) => change(world, 'prompts') },
  test_trigger_resource_change: { run: ({ world }) => change(world, 'resources') },
  test_update_watched_resource: {
    async run({ world }) {
      const watching = [...world.servers].filter(({ uris }) => uris.has(watchedUri))
      await Promise.all(watching.map(({ server }) => server.sendResourceUpdated({ uri: watchedUri })))
      return textResult('Updated')
    },
  },
  test_app: {
    more: { _meta: { ui: { resourceUri: panelUri }, 'example.com/kept': { deep: [1, null, 'x'] } } },
    run: () => ({ ...textResult('An app'), _meta: { 'example.com/result': { kept: true } } }),
  },
  test_echo_meta: { run: ({ meta }) => textResult(JSON.stringify(meta)) },
}

function sampling(text: string): object {
  return { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 10 }
}

async function tellProgress({ meta, notify }: OldCall, progress: number): Promise<void> {
  const { progressToken } = meta
  if (progressToken === undefined) return
  await notify('notifications/progress', { progressToken, progress, total: 100 })
}

async function change(world: OldWorld, kind: keyof OldWorld['hasExtra']): Promise<object> {
  world.hasExtra[kind] = !world.hasExtra[kind]
  const tell = {
    tools: 'sendToolListChanged',
    prompts: 'sendPromptListChanged',
    resources: 'sendResourceListChanged',
  } as const
  await Promise.all([...world.servers].map(({ server }) => server[tell[kind]]()))
  return textResult('Changed')
}

/** One session's server on the classes of its release. */
export function buildOldServer(sdk: OldSdk, world: OldWorld): Server {
  const capabilities = {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    ...(knows(world.revision, 'completions') ? { completions: {} } : {}),
    logging: {},
  }
  const server = new sdk.Server({ name: 'old-sdk', version: '1.0.0' }, { capabilities })
  const session: OldSession = { server, uris: new Set() }
  world.servers.add(session)
  server.onclose = () => void world.servers.delete(session)
  registerTools(sdk, world, server)
  registerResources(sdk, world, session)
  registerPrompts(sdk, world, server)
  return server
}

function registerTools({ types }: OldSdk, world: OldWorld, server: Server): void {
  const offered = Object.entries(tools).filter(
    ([, { since }]) => since === undefined || knows(world.revision, since),
  )
  server.setRequestHandler(types.ListToolsRequestSchema, ({ params }) => {
    const names = [...offered.map(([name]) => name), ...(world.hasExtra.tools ? ['test_extra'] : [])]
    const listed = names.map((name) => ({
      name,
      inputSchema: { type: 'object' as const },
      ...tools[name]?.more,
    }))
    return page('tools', listed, params?.cursor, world)
  })
  server.setRequestHandler(types.CallToolRequestSchema, async ({ params }, extra) => {
    const tool = offered.find(([name]) => name === params.name)?.[1]
    if (!tool) throw Object.assign(new Error(`Unknown tool ${params.name}`), { code: -32602 })
    // Earlier releases have no way to send on a call's own stream, nor need one over their transport.
    const sends = extra as Partial<typeof extra>
    const result = await tool.run({
      args: params.arguments ?? {},
      meta: params._meta ?? {},
      signal: extra.signal,
      world,
      sdk: { types } as OldSdk,
      notify: (method, own) =>
        (sends.sendNotification ?? ((one) => server.notification(one)))({ method, params: own } as never),
      ask: (method, own, signal) => {
        const ask = sends.sendRequest ?? server.request.bind(server)
        return ask({ method, params: own } as never, types.ResultSchema, signal ? { signal } : {})
      },
    })
    return result as { content: [] }
  })
  server.setRequestHandler(types.SetLevelRequestSchema, () => ({}))
}

function registerResources({ types }: OldSdk, world: OldWorld, { server, uris }: OldSession): void {
  server.setRequestHandler(types.ListResourcesRequestSchema, ({ params }) => {
    const known = [
      'test://static-text',
      watchedUri,
      panelUri,
      ...(world.hasExtra.resources ? ['test://extra'] : []),
    ]
    return page(
      'resources',
      known.map((uri) => ({ uri, name: uri })),
      params?.cursor,
      world,
    )
  })
  server.setRequestHandler(types.ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template' }],
  }))
  server.setRequestHandler(types.ReadResourceRequestSchema, ({ params: { uri } }) => {
    const id = /^test:\/\/template\/(\w+)\/data$/.exec(uri)?.[1]
    if (id !== undefined) return { contents: [{ uri, text: JSON.stringify({ id }) }] }
    if (uri === panelUri) {
      const _meta = { ui: { prefersBorder: true } }
      return { contents: [{ uri, mimeType: 'text/html;profile=mcp-app', text: '<p>', _meta }] }
    }
    if (uri === 'test://static-text') return { contents: [{ uri, text: 'This is a static text resource' }] }
    throw Object.assign(new Error('Resource not found'), { code: -32002, data: { uri } })
  })
  server.setRequestHandler(types.SubscribeRequestSchema, ({ params }) => (uris.add(params.uri), {}))
  server.setRequestHandler(types.UnsubscribeRequestSchema, ({ params }) => (uris.delete(params.uri), {}))
}

function registerPrompts({ types }: OldSdk, world: OldWorld, server: Server): void {
  server.setRequestHandler(types.ListPromptsRequestSchema, ({ params }) => {
    const names = [
      'test_prompt_with_arguments',
      'test_failing_prompt',
      ...(world.hasExtra.prompts ? ['test_extra'] : []),
    ]
    return page(
      'prompts',
      names.map((name) => ({ name })),
      params?.cursor,
      world,
    )
  })
  server.setRequestHandler(types.GetPromptRequestSchema, ({ params }) => {
    if (params.name === 'test_failing_prompt')
      throw Object.assign(new Error('It fails'), { code: 4242, data: { why: 'by design' } })
    const { arg1, arg2 } = params.arguments ?? {}
    const text = `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`
    return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] }
  })
  server.setRequestHandler(types.CompleteRequestSchema, ({ params }) => {
    const values = ['paris', 'park', 'party'].filter((value) => value.startsWith(params.argument.value))
    return { completion: { values } }
  })
}

function page<item, field extends string>(
  field: field,
  all: item[],
  cursor: string | undefined,
  { pageSize }: OldWorld,
): Record<field, item[]> & { nextCursor?: string } {
  const { items, nextCursor } = pageOf(all, cursor, pageSize)
  return { [field]: items, ...(nextCursor === undefined ? {} : { nextCursor }) } as Record<field, item[]>
}
