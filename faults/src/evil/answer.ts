import { behaviours } from './behaviours.ts'
import type { Exchange } from './exchange.ts'
import type { Json } from './evil-state.ts'
import { RpcFault, pageOf } from './evil-state.ts'

/** Answers one request at the level of messages; everything that is not a tool's own fault behaves properly. */
export async function answer(exchange: Exchange): Promise<void> {
  const { state, params } = exchange
  const method = String(exchange.message['method'])
  try {
    const override = state.overrides.get(method)
    if (override) return exchange.result(complete(exchange, await override(params)))
    if (method === 'tools/call') return await callTool(exchange)
    const result = plainAnswer(exchange, method)
    if (result) exchange.result(complete(exchange, result))
    else exchange.error(-32601, 'Method not found')
  } catch (error) {
    if (error instanceof RpcFault) exchange.error(error.code, error.message, error.data)
    else throw error
  }
}

async function callTool(exchange: Exchange): Promise<void> {
  const name = String(exchange.params['name'])
  const tool = exchange.state.tools.find((candidate) => candidate['name'] === name)
  if (!tool) return exchange.error(-32602, `Unknown tool: ${name.slice(0, 50)}`)
  const behaviour = behaviours[String(tool['x-behaviour'] ?? name)] ?? behaviours['echo']
  await behaviour?.(exchange)
}

function plainAnswer(exchange: Exchange, method: string): Json | undefined {
  const { state, params } = exchange
  switch (method) {
    case 'server/discover':
      return cacheable(exchange, {
        supportedVersions: ['2026-07-28'],
        capabilities: capabilities(),
        _meta: { 'io.modelcontextprotocol/serverInfo': state.serverInfo },
        ...(state.instructions === undefined ? {} : { instructions: state.instructions }),
      })
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: capabilities(),
        serverInfo: state.serverInfo,
        ...(state.instructions === undefined ? {} : { instructions: state.instructions }),
      }
    case 'tools/list':
      return listOf(exchange, 'tools', state.tools)
    case 'prompts/list':
      return listOf(exchange, 'prompts', state.prompts)
    case 'resources/list':
      return listOf(exchange, 'resources', state.resources)
    case 'resources/templates/list':
      return listOf(exchange, 'resourceTemplates', state.templates)
    case 'resources/read':
      return cacheable(exchange, {
        contents: [{ uri: params['uri'], mimeType: 'text/plain', text: `read ${state.seen.length}` }],
      })
    case 'prompts/get':
      return {
        messages: [{ role: 'user', content: { type: 'text', text: `prompt ${String(params['name'])}` } }],
      }
    case 'completion/complete':
      return { completion: { values: ['one', 'two'], total: 2, hasMore: false } }
    case 'ping':
    case 'logging/setLevel':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return exchange.era === '2025-11-25' ? {} : undefined
    default:
      return undefined
  }
}

function capabilities(): Json {
  return {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    completions: {},
    logging: {},
  }
}

function listOf(exchange: Exchange, key: string, items: readonly Json[]): Json {
  const { page, nextCursor } = pageOf(items, exchange.state.pageSize, exchange.params['cursor'])
  const bare = page.map(withoutScript)
  return cacheable(exchange, { [key]: bare, ...(nextCursor === undefined ? {} : { nextCursor }) })
}

/** `x-behaviour` is the script's own note of what a tool does; the world must not see it. */
export function withoutScript(definition: Json): Json {
  return Object.fromEntries(Object.entries(definition).filter(([key]) => key !== 'x-behaviour'))
}

function cacheable(exchange: Exchange, result: Json): Json {
  if (exchange.era === '2025-11-25') return result
  return { ...result, ttlMs: exchange.state.ttlMs, cacheScope: exchange.state.cacheScope }
}

function complete(exchange: Exchange, result: Json): Json {
  return exchange.era === '2025-11-25' || 'resultType' in result
    ? result
    : { resultType: 'complete', ...result }
}
