import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientAddress, readBody, refuseRequest, type RawHandler } from '../../http/index.ts'
import { JWKS_MAX_AGE_SECONDS, type SigningKeys } from '../keys/signing-keys.ts'
import { PATHS } from '../provider/paths.ts'
import type { OpenServer } from '../provider/open-when-needed.ts'
import type { Resources } from '../resources/resource.ts'
import { completeAuthorizationRequest, completeResource } from './complete-request.ts'
import { copyRequest } from './copy-request.ts'
import { readParameters } from './read-parameters.ts'
import type { RequestRate } from './request-rate.ts'
import type { TokenRate } from './token-rate.ts'
import { sendOAuthError } from './send-oauth-error.ts'

export interface MountTools {
  readonly openServer: OpenServer
  readonly issuer: string
  readonly keys: SigningKeys
  readonly resources: Resources
  /** The proxy in front names the client's address last in X-Forwarded-For. */
  readonly trustedProxy: boolean
  /** A page for people that says what is wrong with a request. */
  readonly sendErrorPage: (response: ServerResponse, status: number, message: string) => void
  /** For requests that the hub remembers until a person has decided. */
  readonly rate: RequestRate
  /** For requests in which a client proves itself. */
  readonly tokenRate: TokenRate
  /** Further addresses below /oauth, by their whole path. */
  readonly more: Readonly<Record<string, RawHandler>>
  readonly onError: (error: unknown) => void
}

interface Route {
  readonly method: 'GET' | 'POST'
  /** Completes what the client left out. */
  readonly complete?: (parameters: URLSearchParams, resources: Resources) => void
  /** Something is kept for it, whoever asks. */
  readonly isRemembered?: true
  /** The client proves itself, or fails to. */
  readonly provesClient?: true
  /** A person sees the answer. */
  readonly isPage?: true
  /** `token` may be a JWT of ours, which the provider would refuse to look at. */
  readonly takesToken?: true
}

/** Every address of the authorization server that the provider answers, and what happens before it does. */
const ROUTES: Readonly<Record<string, Route>> = {
  [PATHS.authorization]: {
    method: 'GET',
    isPage: true,
    isRemembered: true,
    complete: completeAuthorizationRequest,
  },
  [PATHS.pushed_authorization_request]: {
    method: 'POST',
    isRemembered: true,
    complete: completeAuthorizationRequest,
  },
  [PATHS.token]: { method: 'POST', provesClient: true, complete: completeResource },
  [PATHS.introspection]: { method: 'POST', provesClient: true, takesToken: true },
  [PATHS.revocation]: { method: 'POST', provesClient: true, takesToken: true },
  '/.well-known/oauth-authorization-server': { method: 'GET' },
  '/.well-known/openid-configuration': { method: 'GET' },
}

const RESUME: Route = { method: 'GET', isPage: true }
const RESUME_PATH = /^\/oauth\/authorize\/[\w-]{10,64}$/
const BODY_LIMIT_BYTES = 48 * 1024
const FORM = /^application\/x-www-form-urlencoded\s*(?:;\s*charset="?utf-8"?\s*)?$/i

/** The authorization server as handlers of the listener: what it cannot read is refused here, in words, and never a 500. */
export function mountProvider(tools: MountTools): RawHandler {
  const origin = new URL(tools.issuer)
  const { refuse, slowDown } = createRefusals(tools)

  return function handle(request, response, path) {
    const more = tools.more[path]
    if (more) return more(request, response, path)
    if (path === PATHS.jwks) return sendKeys(request, response, tools.keys)
    const route = ROUTES[path] ?? (RESUME_PATH.test(path) ? RESUME : undefined)
    if (!route) return notFound(response)
    if (request.method !== route.method) return wrongMethod(request, response, route)
    response.setHeader('referrer-policy', 'no-referrer')
    // RFC 6749 §5.1, for errors too; the provider does so only for some.
    if (!path.startsWith('/.well-known/')) response.setHeader('cache-control', 'no-store')
    const waitSeconds = route.isRemembered ? tools.rate(request) : 0
    if (waitSeconds > 0) return slowDown(request, response, { route, waitSeconds })
    if (route.method === 'POST') return receiveForm(request, response, { path, route })
    const query = (request.url ?? '').slice(path.length + 1)
    receive(request, response, { path, route, text: query })
  }

  function receiveForm(
    request: IncomingMessage,
    response: ServerResponse,
    { path, route }: { path: string; route: Route },
  ): void {
    if (!FORM.test(request.headers['content-type'] ?? '')) {
      return refuse(response, route, 'Send the parameters as application/x-www-form-urlencoded, in UTF-8.')
    }
    readBody(request, BODY_LIMIT_BYTES, (error, body) => {
      if (error) return refuseRequest(request, response, error, { asJsonRpc: false })
      receive(request, response, { path, route, text: body.toString('latin1') })
    })
  }

  function receive(
    request: IncomingMessage,
    response: ServerResponse,
    { path, route, text }: { path: string; route: Route; text: string },
  ): void {
    const read = readParameters(text)
    if (read.kind === 'refused') return refuse(response, route, `The request cannot be read: ${read.why}.`)
    const { parameters } = read
    const attempt = route.provesClient ? tools.tokenRate(request, parameters) : undefined
    if (attempt && attempt.waitSeconds > 0)
      return slowDown(request, response, { route, waitSeconds: attempt.waitSeconds })
    if (attempt) response.once('finish', () => attempt.ended(response.statusCode))
    route.complete?.(parameters, tools.resources)
    const token = route.takesToken ? parameters.get('token') : null
    const jwt = token?.includes('.') ? token : undefined
    // The provider refuses to look at what has the form of a JWT; its models find the token by the request.
    if (jwt !== undefined) parameters.set('token', 'presented')
    const written = parameters.toString()
    const isPost = route.method === 'POST'
    const copy = copyRequest(request, {
      target: isPost || written === '' ? path : `${path}?${written}`,
      body: isPost ? written : undefined,
      origin,
      address: clientAddress(request, tools.trustedProxy),
      accept: route.isPage ? 'text/html' : 'application/json',
    })
    const answered = tools.openServer().then((server) => server.answer(copy, response, jwt))
    answered.catch((error: unknown) => {
      tools.onError(error)
      if (!response.headersSent) sendOAuthError(response, 503, UNAVAILABLE)
    })
  }
}

/** How a request is refused that the provider never sees. */
function createRefusals({ sendErrorPage }: Pick<MountTools, 'sendErrorPage'>) {
  function refuse(response: ServerResponse, route: Route, message: string): void {
    if (route.isPage) return sendErrorPage(response, 400, message)
    sendOAuthError(response, 400, { error: 'invalid_request', error_description: message })
  }

  function slowDown(
    request: IncomingMessage,
    response: ServerResponse,
    { route, waitSeconds }: { route: Route; waitSeconds: number },
  ): void {
    request.resume()
    response.setHeader('retry-after', String(waitSeconds))
    if (route.isPage) return sendErrorPage(response, 429, TOO_MANY)
    sendOAuthError(response, 429, { error: 'temporarily_unavailable', error_description: TOO_MANY })
  }

  return { refuse, slowDown }
}

function wrongMethod(request: IncomingMessage, response: ServerResponse, route: Route): void {
  request.resume()
  const error = { error: 'invalid_request', error_description: `Only ${route.method} is answered here.` }
  sendOAuthError(response, 405, error, ['allow', route.method])
}

const TOO_MANY = 'Too many requests come from this client or address. Wait a moment and try again.'
const UNAVAILABLE = { error: 'temporarily_unavailable', error_description: 'Try again in a moment.' }

function notFound(response: ServerResponse): void {
  sendOAuthError(response, 404, {
    error: 'not_found',
    error_description: 'There is nothing at this address; the metadata names the endpoints.',
  })
}

function sendKeys(request: IncomingMessage, response: ServerResponse, keys: SigningKeys): void {
  if (request.method !== 'GET') {
    return sendOAuthError(response, 405, { error: 'invalid_request', error_description: 'Only GET.' })
  }
  // `sendJson` forbids keeping an answer; this one is meant to be kept.
  const body = JSON.stringify(keys.jwks())
  response.writeHead(200, {
    'content-type': 'application/jwk-set+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
