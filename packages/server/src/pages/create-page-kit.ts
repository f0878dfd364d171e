import { createHmac, createSecretKey } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendBody } from '../http/index.ts'
import type { Random } from '../lib/random.ts'
import { equalSecrets } from '../lib/equal-secrets.ts'
import { readCookie, setCookie, type CookieName } from './cookies.ts'
import { isFromOwnPage } from './is-from-own-page.ts'
import { layout, type Page } from './layout.ts'
import { pageHeaders } from './page-headers.ts'

/** What every room that serves pages shares. */
export interface PageKit {
  readonly origin: string
  cookie(request: IncomingMessage, name: CookieName): string | undefined
  setCookie(name: CookieName, value: string, maxAgeSeconds?: number): string
  /** What the forms of this browser are bound to: its session, or a cookie it got before it had one. */
  binding(request: IncomingMessage): { readonly value: string; readonly setCookie: string | undefined }
  formToken(binding: string): string
  /** Both halves of the defence against forged requests: where it comes from, and what it knows. */
  isGenuine(request: IncomingMessage, token: string | undefined): boolean
  send(
    response: ServerResponse,
    page: Page & { readonly status?: number | undefined; readonly headers?: readonly string[] | undefined },
  ): void
  /** To a page of ours, by GET. */
  redirect(response: ServerResponse, path: string, headers?: readonly string[]): void
}

const BINDING_BYTES = 32

/** `key` makes form tokens; nothing else may be derived from it. `origin` is asked at each use: the port may come late. */
export function createPageKit(options: {
  readonly origin: () => string
  readonly key: Uint8Array
  readonly random: Random
}): PageKit {
  const { random } = options
  const key = createSecretKey(options.key)

  function cookie(request: IncomingMessage, name: CookieName): string | undefined {
    return readCookie(request.headers.cookie, name, options.origin())
  }

  const known = (request: IncomingMessage) => cookie(request, 'session') ?? cookie(request, 'visitor')

  const formToken = (binding: string) =>
    createHmac('sha256', key).update(`form ${binding}`).digest('base64url')

  return {
    get origin() {
      return options.origin()
    },
    cookie,
    setCookie: (name, value, maxAgeSeconds) =>
      setCookie(name, value, { origin: options.origin(), maxAgeSeconds }),
    binding(request) {
      const value = known(request)
      if (value !== undefined) return { value, setCookie: undefined }
      const fresh = Buffer.from(random.bytes(BINDING_BYTES)).toString('base64url')
      return { value: fresh, setCookie: setCookie('visitor', fresh, { origin: options.origin() }) }
    },
    formToken,
    isGenuine(request, token) {
      const binding = known(request)
      if (binding === undefined || token === undefined || !isFromOwnPage(request, options.origin()))
        return false
      return equalSecrets(Buffer.from(token), Buffer.from(formToken(binding)))
    },
    send(response, { status = 200, headers = [], ...page }) {
      const all = ['content-type', 'text/html; charset=utf-8', ...pageHeaders(options.origin()), ...headers]
      sendBody(response, status, all, layout(page))
    },
    redirect(response, path, headers = []) {
      sendBody(response, 303, ['location', path, ...pageHeaders(options.origin()), ...headers], '')
    },
  }
}
