import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Said to the person at the keyboard, without a stack. */
export class CliError extends Error {}

export interface HubClient {
  readonly url: string
  /** Calls the management API; throws a CliError with what the hub says is wrong. */
  api(method: string, path: string, body?: unknown): Promise<unknown>
  /** Sends one MCP 2026-07-28 request to an endpoint and returns the JSON-RPC response. */
  mcp(path: string, method: string, params: Record<string, unknown>): Promise<Record<string, unknown>>
}

/** Finds the hub by the 0600 file that it wrote into its data directory. */
export function openHubClient(dataDir: string | undefined): HubClient {
  const directory = resolve(dataDir ?? process.env['PARLEY_DATA_DIR'] ?? '.parley')
  const { url, key } = readCredentials(join(directory, 'credentials.json'))
  const authorization = `Bearer ${key}`

  async function send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url + path, { ...init, redirect: 'error' })
    } catch (error) {
      throw new CliError(`No hub answers at ${url}. Start it with \`parley serve\`.`, { cause: error })
    }
  }

  return {
    url,
    async api(method, path, body) {
      const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
      const response = await send(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const reply = (await response.json()) as { detail?: string; title?: string }
      if (!response.ok)
        throw new CliError(reply.detail ?? reply.title ?? `The hub answered with HTTP ${response.status}.`)
      return reply
    },
    async mcp(path, method, params) {
      const meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'parley-cli', version: '0.1.0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      }
      const name = params['name'] ?? params['uri']
      const response = await send(path, {
        method: 'POST',
        headers: {
          authorization,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': method,
          ...(typeof name === 'string'
            ? { 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` }
            : {}),
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
      })
      return lastMessage(await response.text(), response.headers.get('content-type') ?? '')
    },
  }
}

/** The response in a JSON body, or the last message of an event stream. */
function lastMessage(text: string, contentType: string): Record<string, unknown> {
  const json = contentType.startsWith('text/event-stream')
    ? text
        .split('\n')
        .findLast((line) => line.startsWith('data:'))
        ?.slice(5)
    : text
  if (json === undefined || json === '') throw new CliError('The hub ended its answer without a response.')
  return JSON.parse(json) as Record<string, unknown>
}

function readCredentials(file: string): { url: string; key: string } {
  let text: string
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      throw new CliError(`${file} can be read by others. Run \`chmod 600 ${file}\` first.`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(
      `There is no ${file}. Start a hub here with \`parley serve\`, or name its directory with --data-dir.`,
      { cause: error },
    )
  }
  return JSON.parse(text) as { url: string; key: string }
}
