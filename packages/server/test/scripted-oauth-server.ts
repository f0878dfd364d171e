import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, any>

/** An MCP server that takes tokens of its own authorization server alone, both at one origin and both as told. */
export interface ScriptedOAuthServer extends AsyncDisposable {
  readonly url: string
  readonly origin: string
  /** Scopes that each tool needs. */
  readonly needs: Record<string, string>
  /** Tokens that are taken, with their scopes. */
  readonly taken: Map<string, string>
  readonly settings: { expiresIn: number; refuseRefresh: string | undefined; withholdsScope: boolean }
  /** Requests to the token endpoint. */
  readonly tokenRequests: URLSearchParams[]
  /** Tool calls that were answered, with the token that they carried. */
  readonly calls: { name: string; token: string }[]
  readonly authorizations: URL[]
  /** Plays the browser of a person who agrees at once: answers where they are sent back. */
  authorize(url: URL): string
}

const TOOLS = ['look', 'change'].map((name) => ({ name, inputSchema: { type: 'object' } }))

export async function startScriptedOAuthServer(): Promise<ScriptedOAuthServer> {
  let count = 0
  const state = {
    needs: {} as Record<string, string>,
    taken: new Map<string, string>(),
    settings: {
      expiresIn: 3600,
      refuseRefresh: undefined,
      withholdsScope: false,
    } as ScriptedOAuthServer['settings'],
    tokenRequests: [] as URLSearchParams[],
    calls: [] as { name: string; token: string }[],
    authorizations: [] as URL[],
  }
  const codes = new Map<string, string>()

  function serve(request: IncomingMessage, response: ServerResponse, text: string): void {
    const send = (status: number, body: Json, headers: Json = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body))
    const path = request.url!.split('?')[0]!
    if (path.startsWith('/.well-known/oauth-protected-resource'))
      return send(200, { resource: `${origin}/mcp`, authorization_servers: [origin] })
    if (path === '/.well-known/oauth-authorization-server') return send(200, metadata(origin))
    if (path === '/register') return send(201, { client_id: `client-${++count}` })
    if (path === '/token') return issue(new URLSearchParams(text), send)
    if (path === '/mcp') return call(request, JSON.parse(text) as Json, send)
    send(404, {})
  }

  function issue(form: URLSearchParams, send: (status: number, body: Json) => void): void {
    state.tokenRequests.push(form)
    const { expiresIn, refuseRefresh, withholdsScope } = state.settings
    const isRefresh = form.get('grant_type') === 'refresh_token'
    if (isRefresh && refuseRefresh !== undefined) return send(400, { error: refuseRefresh })
    const scope = codes.get(form.get(isRefresh ? 'refresh_token' : 'code')!) ?? ''
    const token = `at-${++count}`
    state.taken.set(token, withholdsScope ? '' : scope)
    codes.set(`rt-${count}`, scope)
    send(200, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresIn,
      refresh_token: `rt-${count}`,
    })
  }

  function call(
    request: IncomingMessage,
    { id, method, params }: Json,
    send: (status: number, body: Json, headers?: Json) => void,
  ): void {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const scope = token === undefined ? undefined : state.taken.get(token)
    const metadataUrl = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`
    if (scope === undefined)
      return send(
        401,
        {},
        { 'www-authenticate': `Bearer error="invalid_token", scope="read", ${metadataUrl}` },
      )
    const needed = method === 'tools/call' ? (state.needs[params.name] ?? 'read') : 'read'
    if (method === 'tools/call' && !scope.split(' ').includes(needed)) {
      const challenge = `Bearer error="insufficient_scope", scope="${needed}", ${metadataUrl}`
      return send(403, {}, { 'www-authenticate': challenge })
    }
    const result = (body: Json) =>
      send(200, {
        jsonrpc: '2.0',
        id,
        result: { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...body },
      })
    if (method === 'server/discover')
      return result({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
    if (method === 'tools/list') return result({ tools: TOOLS })
    if (method !== 'tools/call') return send(404, {})
    state.calls.push({ name: params.name as string, token: token! })
    result({ content: [{ type: 'text', text: 'done' }] })
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => serve(request, response, Buffer.concat(chunks).toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...state,
    origin,
    url: `${origin}/mcp`,
    authorize(url) {
      state.authorizations.push(url)
      const code = `code-${++count}`
      codes.set(code, url.searchParams.get('scope') ?? '')
      const back = new URL(url.searchParams.get('redirect_uri')!)
      back.searchParams.set('code', code)
      back.searchParams.set('state', url.searchParams.get('state')!)
      return back.href
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function metadata(issuer: string): Json {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  }
}
