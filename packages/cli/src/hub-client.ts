import { createAgentClient, type AgentClient } from '@parley/sdk/agent'
import { CliError } from './cli-error.ts'
import { freshToken } from './login/fresh-token.ts'
import type { LoginStore } from './login/login-store.ts'
import { modernRequest } from './modern-request.ts'
import { findCredentials, readCredentials } from './read-credentials.ts'
import { readResponse, type RpcResponse } from './read-response.ts'

export interface HubClient {
  readonly url: string
  /** Calls the management API; throws a CliError with what the hub says is wrong. */
  api(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** Sends one MCP 2026-07-28 request to an endpoint of the hub; `extra` are further headers. */
  mcp(path: string, request: McpRequest): Promise<RpcResponse>
  /** Asks an agent of the hub; what is refused rejects with the SDK's `HubError`. */
  agent(name: string): AgentClient
  /** Where a tool of a server is called, and under which name. */
  toolAddress(server: string, tool: string): { readonly path: string; readonly tool: string }
}

export interface McpRequest {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** What the client says it can do; nothing when absent. */
  readonly capabilities?: Readonly<Record<string, unknown>>
}

/** Longer than any wait of the hub's own, so that it is the hub that says what took too long. */
const ANSWER_LIMIT_MS = 10 * 60_000

/** How a client proves to one hub who calls. */
interface Caller {
  readonly url: string
  /** By the first segment of the path: the key is good for all, a token for one. */
  token(resource: 'api' | 'mcp' | 'a2a'): Promise<string>
  readonly isSignedIn: boolean
}

/** The hub that `url` names, or that of the data directory, or that of the last sign-in; tokens go before the key. */
export function openHubClient(dataDir: string, logins: LoginStore, url?: string): HubClient {
  return createHubClient(findCaller(dataDir, logins, url))
}

function findCaller(dataDir: string, logins: LoginStore, named: string | undefined): Caller {
  const local = findCredentials(dataDir)
  const url = named ?? local?.url ?? logins.current()
  // Says what is missing, and how to get it.
  if (url === undefined) return byKey(readCredentials(dataDir))
  if (logins.find(url))
    return {
      url,
      isSignedIn: true,
      token: (resource) => freshToken(logins, url, `${url}/${resource}`),
    }
  if (local?.url === url) return byKey(local)
  throw new CliError(`You are not signed in at ${url}.`, {
    code: 'unauthenticated',
    hint: `parley login ${url}`,
  })
}

function byKey({ url, key }: { url: string; key: string }): Caller {
  return { url, isSignedIn: false, token: async () => key }
}

function createHubClient({ url, token, isSignedIn }: Caller): HubClient {
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
      const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
      const headers = {
        authorization: `Bearer ${await token('api')}`,
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
      }
      const text = hasBody ? { body: JSON.stringify(body ?? {}) } : {}
      const response = await send(path, { method, headers, ...text })
      const reply = parse(await response.text()) as Problem | undefined
      if (response.ok && reply !== undefined) return reply
      throw explain(response.status, reply, { url, isSignedIn })
    },
    async mcp(path, request) {
      const { headers, body } = modernRequest(request.method, request.params, request.capabilities)
      const response = await send(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${await token('mcp')}`, ...headers, ...request.headers },
        body,
      })
      const message = readResponse(await response.text(), response.headers.get('content-type') ?? '')
      if (message && response.status !== 401) return message
      throw explain(response.status, undefined, { url, isSignedIn })
    },
    agent: (name) =>
      createAgentClient({ url: `${url}/a2a/agents/${encodeURIComponent(name)}`, token: () => token('a2a') }),
    // A token is for one endpoint: the one with all servers' tools, each under its server's name.
    toolAddress: (server, tool) =>
      isSignedIn
        ? { path: '/mcp', tool: `${server}__${tool}` }
        : { path: `/mcp/servers/${encodeURIComponent(server)}`, tool },
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

function explain(
  status: number,
  said: Problem | undefined,
  { url, isSignedIn }: Pick<Caller, 'url' | 'isSignedIn'>,
): CliError {
  if (status === 401 && isSignedIn)
    return new CliError(`Your sign-in at ${url} has ended.`, {
      code: 'unauthenticated',
      hint: `parley login ${url}`,
    })
  if (status === 401) {
    const hint = 'Is it the hub of this data directory? --data-dir names another; `parley login` signs in.'
    return new CliError(`The hub at ${url} does not know this key.`, { code: 'unauthenticated', hint })
  }
  const words = said?.detail ?? said?.title
  const code = typeof said?.code === 'string' ? said.code : 'no_hub'
  return typeof words === 'string'
    ? new CliError(words, { code })
    : new CliError(`What answers at ${url} is not a hub (HTTP ${status}).`, { code: 'no_hub' })
}
