import { ParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import type { Random } from '../lib/random.ts'
import type { OpenApiTool } from '../openapi/index.ts'
import type { Channel, Credential } from './channel.ts'
import type { TranslatedDocument } from './translated-document.ts'
import type { UpstreamGuard } from './upstream-guard.ts'

export interface OpenApiChannelOptions {
  readonly document: TranslatedDocument
  readonly base: URL
  readonly guard: UpstreamGuard
  readonly outlet: Outlet
  readonly credential: Credential | undefined
  readonly random: Random
}

const TOOLS_PER_PAGE = 200
/** How soon the registry looks at the document again. */
const TTL_MS = 2 * 60_000
const METHOD_NOT_FOUND = -32_601
const INVALID_PARAMS = -32_602

/** The stateless channel to a service with an OpenAPI document: its tools are the operations, and a call is a request. */
export function createOpenApiChannel(options: OpenApiChannelOptions): Channel {
  const { document } = options
  return {
    get info() {
      return document.known!.info
    },
    closed: false,
    async exchange(method, params, _events, signal) {
      signal.throwIfAborted()
      switch (method) {
        // With this a reading of the registry begins; lists and calls of clients wait for no document.
        case 'server/discover':
          return { result: (await document.current()).info.discover! }
        case 'tools/list':
          return listTools(options, params)
        case 'tools/call':
          return callTool(options, params, signal)
        default:
          return { error: { code: METHOD_NOT_FOUND, message: `Method not found: ${method}` } }
      }
    },
    notify: () => Promise.resolve(),
    // It never says that something changed; the registry looks from time to time.
    subscribe: () => {
      const ending = Promise.withResolvers<'graceful'>()
      return Promise.resolve({
        acknowledged: {},
        ended: ending.promise,
        close: () => ending.resolve('graceful'),
      })
    },
    setSessionEvents: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

async function listTools(
  { document }: OpenApiChannelOptions,
  params: JsonObject | undefined,
): Promise<Outcome> {
  const { translation } = document.known ?? (await document.current())
  const cursor = params?.['cursor']
  const start = cursor === undefined ? 0 : Number(cursor)
  if (!Number.isSafeInteger(start) || start < 0)
    return { error: { code: INVALID_PARAMS, message: 'There is no such page.' } }
  const end = start + TOOLS_PER_PAGE
  const tools = [...translation.tools.values()].slice(start, end).map(({ definition }) => definition)
  const next = end < translation.tools.size ? { nextCursor: String(end) } : {}
  return { result: { resultType: 'complete', tools, ttlMs: TTL_MS, cacheScope: 'private', ...next } }
}

async function callTool(
  options: OpenApiChannelOptions,
  params: JsonObject | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const name = params?.['name']
  const known = options.document.known ?? (await options.document.current())
  const tool = typeof name === 'string' ? known.translation.tools.get(name) : undefined
  if (!tool)
    return { error: { code: INVALID_PARAMS, message: `Unknown tool: ${String(name).slice(0, 128)}` } }
  const given = params?.['arguments']
  if (given !== undefined && !isObject(given))
    return { error: { code: INVALID_PARAMS, message: 'arguments must be an object.' } }
  return { result: await request(options, tool, { given, signal }) }
}

/** What cannot be sent is the tool's error, so that a model can mend its arguments (MCP 2026-07-28, Error Handling). */
async function request(
  { base, guard, outlet, credential, random }: OpenApiChannelOptions,
  { call }: OpenApiTool,
  { given, signal }: { given: JsonObject | undefined; signal: AbortSignal },
): Promise<JsonObject> {
  const { buildRequest, readReply, toolError } = await import('../openapi/index.ts')
  const headersSent = credential?.()
  const built = buildRequest(call, given, {
    basePath: base.pathname.replace(/\/+$/, ''),
    credential: headersSent,
    random,
  })
  if (built.kind === 'unfit') return toolError(`The arguments do not fit:\n${built.problems.join('\n')}`)
  const { method, path, headers, body } = built.request
  if (path.length > MAX_PATH)
    return toolError(`The arguments make an address of more than ${MAX_PATH} characters.`)
  const reply = await guard.run(signal, (inner) =>
    outlet.request({ method, path, headers, signal: inner, ...(body ? { body } : {}) }),
  )
  return readReply(call, reply, { uri: base.origin + path.split('?', 1)[0]!, credential: headersSent })
}

const MAX_PATH = 16_384

export function speaksModernOnly(): ParleyError {
  return new ParleyError('upstream_invalid', 'This server has no sessions: an OpenAPI document describes it.')
}
