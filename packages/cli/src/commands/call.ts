import { CliError, type HubClient } from '../hub-client.ts'

/** `parley call SERVER TOOL [--arguments JSON]`: one tools/call through the hub. */
export async function call(
  hub: HubClient,
  args: readonly string[],
  flags: { readonly arguments: string | undefined },
): Promise<{ value: unknown; text: string }> {
  const [server, tool] = args
  if (server === undefined || tool === undefined)
    throw new CliError("parley call SERVER TOOL [--arguments '{…}']")
  const response = await hub.mcp(`/mcp/servers/${encodeURIComponent(server)}`, 'tools/call', {
    name: tool,
    arguments: readArguments(flags.arguments),
  })
  const error = response['error'] as { code: number; message: string } | undefined
  if (error) throw new CliError(`${error.message} (${error.code})`)
  const result = response['result'] as { content?: { type: string; text?: string }[]; isError?: boolean }
  const text = (result.content ?? []).map((part) => part.text ?? `[${part.type}]`).join('\n')
  return { value: result, text: result.isError === true ? `The tool failed: ${text}` : text }
}

function readArguments(text: string | undefined): unknown {
  if (text === undefined) return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CliError(`--arguments is not JSON: ${(error as Error).message}`, { cause: error })
  }
}
