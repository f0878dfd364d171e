import { ParleyError } from '@parley/contract'
import type { Egress } from '../egress/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'

/** How the hub speaks to authorization servers, and fetches what tells where they are. */
export interface OAuthHttp {
  /** True for https, and for http where an administrator named exactly this host and port. */
  admits(url: string): boolean
  get(url: string): Promise<OAuthAnswer>
  post(
    url: string,
    request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  ): Promise<OAuthAnswer>
}

export interface OAuthAnswer {
  /** Redirects are not followed. */
  readonly status: number
  /** Undefined when the answer is not a JSON object. */
  readonly json: JsonObject | undefined
}

export interface OAuthHttpOptions {
  readonly egress: Egress
  /** The MCP server in question; an administrator typed it, so that its own origin may be non-global. */
  readonly serverUrl: string
  /** `host:port`, or `host:*`, of authorization servers that are not on the public internet. */
  readonly hosts: readonly string[]
}

const JSON_TYPE = /^application\/(?:[a-z0-9.!#$&^_-]+\+)?json(?:[ \t]*;|$)/i
const MAX_URL_LENGTH = 2048

/**
 * Everything that discovery leads to is an address which somebody else named: only global addresses and https, unless an
 * administrator named the very host (MCP, Server-Side Request Forgery).
 */
export function createOAuthHttp(options: OAuthHttpOptions): OAuthHttp {
  const { egress } = options
  const server = new URL(options.serverUrl)

  function isNamed(url: URL): boolean {
    if (url.origin === server.origin) return true
    const port = url.port !== '' ? url.port : url.protocol === 'https:' ? '443' : '80'
    return options.hosts.includes(`${url.hostname}:${port}`) || options.hosts.includes(`${url.hostname}:*`)
  }

  function read(text: string): URL | undefined {
    const url = text.length <= MAX_URL_LENGTH ? URL.parse(text) : null
    if (!url || url.username !== '' || url.password !== '' || url.hash !== '') return undefined
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isNamed(url))) return url
    return undefined
  }

  async function send(
    text: string,
    request: { method: 'GET' | 'POST'; headers: Readonly<Record<string, string>>; body?: string },
  ): Promise<OAuthAnswer> {
    const url = read(text)
    if (!url) throw notAdmitted(text)
    const allowance = isNamed(url) ? egress.allow(url.href, `authorization for ${server.host}`) : undefined
    try {
      const outlet = egress.open({ purpose: 'oauth', url: url.href, ...(allowance && { allowance }) })
      const answer = await outlet
        .request({ ...request, path: url.pathname + url.search })
        .finally(() => outlet.destroy())
      return { status: answer.status, json: toObject(answer.headers['content-type'] ?? '', answer.body) }
    } finally {
      if (allowance) egress.disallow(allowance)
    }
  }

  return {
    admits: (url) => read(url) !== undefined,
    get: (url) => send(url, { method: 'GET', headers: { accept: 'application/json' } }),
    post: (url, { headers, body }) =>
      send(url, { method: 'POST', headers: { accept: 'application/json', ...headers }, body }),
  }
}

function toObject(contentType: string, body: Buffer): JsonObject | undefined {
  if (!JSON_TYPE.test(contentType)) return undefined
  try {
    const value = parseStrict(body)
    return isObject(value) ? value : undefined
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined
    throw error
  }
}

function notAdmitted(url: string): ParleyError {
  return new ParleyError(
    'egress_refused',
    'An address that the server names for signing in cannot be used.',
    {
      detail: `${url.slice(0, 200)}: not https, and no administrator named its host`,
    },
  )
}
