import { CliError } from '../cli-error.ts'
import { textOf, type Command } from '../command.ts'
import type { HubClient } from '../hub-client.ts'
import { mirrorArguments } from '../mirror-arguments.ts'
import { isObject, type RpcResponse } from '../read-response.ts'

const HEADER_MISMATCH = -32020
const MAX_PAGES = 100
const HINT = `Such as --arguments '{"path":"/srv"}'`

interface ToolCall {
  readonly path: string
  readonly tool: string
  readonly args: Record<string, unknown>
}

export const call: Command = {
  usage: ["call SERVER TOOL [--arguments '{…}']"],
  summary: 'Calls one tool through the hub and prints what it answers.',
  options: { arguments: { type: 'string', value: 'JSON', about: 'One JSON object; {} when absent.' } },
  async run(given) {
    const [server, tool, ...others] = given.positionals
    if (server === undefined || tool === undefined || others.length > 0)
      throw new CliError('Say which tool of which server.', {
        hint: "parley call SERVER TOOL --arguments '{…}'",
      })
    const args = readArguments(textOf(given, 'arguments'))
    const hub = given.hub()
    const response = await callTool(hub, { ...hub.toolAddress(server, tool), args })
    if (!response.result) {
      const { message, code } = response.error ?? { message: 'The hub gave no result', code: 0 }
      throw new CliError(`${message} (${code})`, { code: 'mcp_error' })
    }
    return describe(response.result)
  },
}

/** A tool may want arguments mirrored into headers; only its definition says which, so it is read when that is the fault. */
async function callTool(hub: HubClient, { path, tool, args }: ToolCall): Promise<RpcResponse> {
  const request = { method: 'tools/call', params: { name: tool, arguments: args } }
  const first = await hub.mcp(path, request)
  if (first.error?.code !== HEADER_MISMATCH) return first
  const headers = mirrorArguments(await inputSchema(hub, path, tool), args)
  return Object.keys(headers).length === 0 ? first : hub.mcp(path, { ...request, headers })
}

async function inputSchema(hub: HubClient, path: string, tool: string): Promise<unknown> {
  let cursor: unknown
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const { result } = await hub.mcp(path, { method: 'tools/list', params })
    const tools = Array.isArray(result?.['tools']) ? result['tools'] : []
    const found: unknown = tools.find((one: unknown) => isObject(one) && one['name'] === tool)
    if (isObject(found)) return found['inputSchema']
    cursor = result?.['nextCursor']
    if (cursor === undefined) break
  }
  return undefined
}

function describe(result: Readonly<Record<string, unknown>>) {
  const content = Array.isArray(result['content']) ? (result['content'] as unknown[]) : []
  const text = content.filter(isObject).map((part) => part['text'] ?? `[${String(part['type'])}]`)
  if (result['resultType'] === 'input_required') {
    return {
      value: result,
      text: 'The tool asks for input, which this command cannot give. Use an MCP client with elicitation.',
      ok: false,
    }
  }
  const failed = result['isError'] === true
  return { value: result, text: `${failed ? 'The tool failed: ' : ''}${text.join('\n')}`, ok: !failed }
}

function readArguments(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CliError(`--arguments is not JSON: ${(error as Error).message}`, { cause: error, hint: HINT })
  }
  if (!isObject(value)) throw new CliError('--arguments must be a JSON object.', { hint: HINT })
  return value
}
