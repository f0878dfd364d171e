import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError } from '@parley/contract'
import type { ListenConfig } from '../config/index.ts'
import { AllowList, allowedHosts, foreignOrigins, ownOrigins } from './allow-lists.ts'
import { checkHeaders, type HeaderFault } from './check-headers.ts'
import { allowCrossOrigin, answerPreflight, openToAll } from './cross-origin.ts'
import type { RawHandler } from './raw-handler.ts'
import { readTarget } from './read-target.ts'
import { refuseRequest, sendProblem } from './send.ts'

export interface DispatcherOptions {
  readonly listen: ListenConfig
  /** By first path segment: `mcp` answers `/mcp` and all below it, the empty one `/` alone. */
  readonly handlers: Readonly<Record<string, RawHandler>>
  /** Whether calls can be served; `/readyz` asks each time. */
  readonly isReady: () => boolean
  /** Something thrown by a handler, for the log; the client has been answered. */
  readonly onError: (error: unknown, request: IncomingMessage) => void
}

const BAD_TARGET = 'The request target must be a plain path.'
const BAD_VERSION = 'Only HTTP/1.1 is spoken here (nginx: proxy_http_version 1.1).'
const NO_HOST = 'The Host header is missing.'
const BAD_HOST =
  'This Host is not one of the hub; set listen.publicUrl or listen.allowedHosts if it should be.'
const BAD_ORIGIN = 'Pages of this origin may not call the hub; listen.allowedOrigins can let them.'

/**
 * What every request passes before a handler sees it: target, framing, Host, Origin, in this order.
 *
 * NOTE: on the lane. Target, Host and Origin are compared with the last ones accepted; nothing is allocated for a
 * request like the one before.
 */
export class Dispatcher {
  /** From now on not ready, and connections end with their next response. */
  isDraining = false
  readonly #options: DispatcherOptions
  readonly #routes: ReadonlyMap<string, RawHandler>
  readonly #foreign: AllowList
  #hosts = new AllowList([])
  #origins = new AllowList([])
  #target = ''
  #path = ''
  #isMcp = false
  /** What everyone may know: which resource this is, and who issues its tokens (RFC 9728, RFC 8414). */
  #isPublic = false
  #handler: RawHandler | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#routes = new Map(Object.entries(options.handlers))
    this.#foreign = foreignOrigins(options.listen)
  }

  /** Makes the hub's own Host and Origin values those of the port really listened on. */
  listensOn(port: number): void {
    this.#hosts = allowedHosts(this.#options.listen, port)
    this.#origins = ownOrigins(this.#options.listen, port)
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    // A connection that is being closed after a refusal: what follows on it is not answered.
    if (!request.socket.writable) return
    if (this.isDraining) response.shouldKeepAlive = false
    if (request.url !== this.#target && !this.#findRoute(request.url!)) {
      return this.#refuse(request, response, 'invalid_request', BAD_TARGET)
    }
    const handler = this.#handler
    const path = this.#path
    if (handler === undefined && this.#answerProbe(response, path)) return
    const fault = checkFraming(request)
    if (fault !== undefined) return this.#refuse(request, response, fault.code, fault.message)
    const { host, origin } = request.headers
    if (host === undefined) return this.#refuse(request, response, 'invalid_request', NO_HOST)
    if (!this.#hosts.has(host)) return this.#refuse(request, response, 'host_refused', BAD_HOST)
    if (
      origin !== undefined &&
      !this.#isOwn(origin, request) &&
      this.#answerForeign(request, response, origin)
    )
      return
    if (handler === undefined) {
      return sendProblem(response, new ParleyError('not_found', 'There is nothing at this address.'))
    }
    try {
      handler(request, response, path)
    } catch (error) {
      if (response.headersSent) response.destroy()
      else sendProblem(response, toParleyError(error))
      this.#options.onError(error, request)
    }
  }

  /** Remembers the target; a target that cannot be read leaves nothing remembered. */
  #findRoute(target: string): boolean {
    const read = readTarget(target)
    this.#target = read ? target : ''
    this.#path = read?.path ?? ''
    this.#isMcp = read?.segment === 'mcp'
    this.#isPublic = read?.segment === '.well-known'
    this.#handler = read && this.#routes.get(read.segment)
    return read !== undefined
  }

  /** Liveness and readiness tell nothing else, so that a probe may call them under any Host. */
  #answerProbe(response: ServerResponse, path: string): boolean {
    if (path !== '/healthz' && path !== '/readyz') return false
    const isUp = path === '/healthz' || (!this.isDraining && this.#options.isReady())
    const body = isUp ? 'ok\n' : 'not ready\n'
    response.writeHead(isUp ? 200 : 503, {
      'content-type': 'text/plain',
      'content-length': body.length,
      'cache-control': 'no-store',
    })
    response.end(body)
    return true
  }

  /**
   * A form of a page that sends no referrer has the Origin `null` (Fetch §3.2); that it is ours is then told by a header that no
   * page can set.
   */
  #isOwn(origin: string, request: IncomingMessage): boolean {
    return (
      this.#origins.has(origin) ||
      (origin === 'null' && !this.#isMcp && request.headers['sec-fetch-site'] === 'same-origin')
    )
  }

  /** True when the request ends here: refused, or a preflight. */
  #answerForeign(request: IncomingMessage, response: ServerResponse, origin: string): boolean {
    if (this.#isPublic) return openToAll(request, response)
    if (!this.#foreign.has(origin)) {
      this.#refuse(request, response, 'origin_refused', BAD_ORIGIN)
      return true
    }
    allowCrossOrigin(response, origin)
    if (request.method !== 'OPTIONS') return false
    answerPreflight(response, request.headers['access-control-request-headers'])
    return true
  }

  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    code: 'invalid_request' | 'header_mismatch' | 'host_refused' | 'origin_refused',
    message: string,
  ): void {
    refuseRequest(request, response, new ParleyError(code, message), { asJsonRpc: this.#isMcp })
  }
}

function checkFraming(request: IncomingMessage): HeaderFault | undefined {
  return request.httpVersionMajor === 1 && request.httpVersionMinor === 1
    ? checkHeaders(request)
    : { code: 'invalid_request', message: BAD_VERSION }
}
