import { CliError } from './cli-error.ts'
import { modernRequest } from './modern-request.ts'
import { readCredentials } from './read-credentials.ts'
import { readResponse, type RpcResponse } from './read-response.ts'

export interface HubClient {
  readonly url: string
  /** Calls the management API; throws a CliError with what the hub says is wrong. */
  api(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** Sends one MCP 2026-07-28 request to an endpoint of the hub; `extra` are further headers. */
  mcp(path: string, request: McpRequest): Promise<RpcResponse>
}

export interface McpRequest {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Longer than any wait of the hub's own, so that it is the hub that says what took too long. */
const ANSWER_LIMIT_MS = 10 * 60_000

/** Finds the hub by the file that it wrote into its data directory. */
export function openHubClient(dataDir: string): HubClient {
  const { url, key } = readCredentials(dataDir)
  const authorization = `Bearer ${key}`

  async function send(path: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS)
    try {
      return await fetch(url + path, { ...init, redirect: 'error', signal })
    } catch (error) {
      throw new CliError(`No hub answers at ${url}.`, {
        code: 'no_hub',
        hint: 'Start it with `parley serve`.',
        cause: error,
      })
    }
  }

  return {
    url,
    async api(method, path, body) {
      const headers = { authorization, ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) }
      const text = method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}
      const response = await send(path, { method, headers, ...text })
      const reply = parse(await response.text()) as Problem | undefined
      if (response.ok && reply !== undefined) return reply
      throw explain(response.status, reply, url)
    },
    async mcp(path, request) {
      const { headers, body } = modernRequest(request.method, request.params)
      const response = await send(path, {
        method: 'POST',
        headers: { authorization, ...headers, ...request.headers },
        body,
      })
      const message = readResponse(await response.text(), response.headers.get('content-type') ?? '')
      if (message) return message
      throw explain(response.status, undefined, url)
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever answers here does not speak JSON; the caller says so with the status.
    return undefined
  }
}

/** RFC 9457 as the hub writes it. */
interface Problem {
  readonly detail?: unknown
  readonly title?: unknown
  readonly code?: unknown
}

function explain(status: number, said: Problem | undefined, url: string): CliError {
  if (status === 401) {
    const hint = 'Is it the hub of this data directory? --data-dir names another.'
    return new CliError(`The hub at ${url} does not know this key.`, { code: 'unauthenticated', hint })
  }
  const words = said?.detail ?? said?.title
  const code = typeof said?.code === 'string' ? said.code : 'no_hub'
  return typeof words === 'string'
    ? new CliError(words, { code })
    : new CliError(`What answers at ${url} is not a hub (HTTP ${status}).`, { code: 'no_hub' })
}
