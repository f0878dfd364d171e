import type { IncomingMessage, ServerResponse } from 'node:http'
import { ERRORS, ParleyError, toParleyError } from '@parley/contract'
import type { RawHandler } from '../http/index.ts'
import { refuseRequest } from '../http/index.ts'
import type { PageKit } from './create-page-kit.ts'
import { html, type Html } from './html.ts'
import type { Page } from './layout.ts'
import { parseForm, readForm, type Form } from './read-form.ts'

/** One request for a page. */
export interface Visit {
  readonly request: IncomingMessage
  readonly path: string
  /** What stands in the place of `:name` in the route's path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Form
  /** Empty for GET. It came from a page of ours, sent by the browser the page was made for. */
  readonly form: Form
  /** Belongs into every form. */
  readonly formField: Html
  /** What this browser's forms and challenges are bound to. */
  readonly binding: string
}

export type PageAnswer =
  | (Page & {
      readonly kind: 'page'
      readonly status?: number
      readonly headers?: readonly string[]
      readonly cookies?: readonly string[]
    })
  /** To a page of ours, by GET. */
  | { readonly kind: 'redirect'; readonly to: string; readonly cookies?: readonly string[] }
  /** To another origin: a page that goes on by GET, because `form-action` would stop a redirect after a POST. */
  | { readonly kind: 'onward'; readonly url: string; readonly cookies?: readonly string[] }

export interface PageRoute<Need extends string = string> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Who may come here; see `admit`. */
  readonly needs: Need
  /** Asked before anything of the request is read: throws when there is no room for its work. */
  readonly checkRoom?: () => void
  answer(visit: Visit): PageAnswer | Promise<PageAnswer>
}

export interface PageRouterOptions<Need extends string> {
  readonly kit: PageKit
  /** Undefined when the visitor is who the route needs; otherwise what they get instead. */
  readonly admit: (need: Need, visit: Visit) => PageAnswer | undefined
  readonly onError: (error: unknown) => void
}

/** Serves the routes in their order: find, read, check, admit, answer. */
export function createPageHandler<Need extends string>(
  routes: readonly PageRoute<Need>[],
  options: PageRouterOptions<Need>,
): RawHandler {
  const compiled = routes.map((route) => ({ route, match: compilePath(route.path) }))
  const { kit, onError } = options

  return function handlePage(request, response, path) {
    const elsewhere = canonicalAddress(request, kit.origin)
    if (elsewhere !== undefined) return kit.redirect(response, elsewhere)
    const found = compiled.flatMap(({ route, match }) => {
      const params = match(path)
      return params ? [{ route, params }] : []
    })
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const hit = found.find(({ route }) => route.method === method)
    if (!hit) {
      const methods = found.map(({ route }) => route.method).join(', ')
      return sendError(kit, response, noSuchPage(methods), methods === '' ? [] : ['allow', methods])
    }
    answer(request, { ...hit, path })
      .then((result) => sendAnswer(kit, response, result))
      .catch((error: unknown) => {
        const known = toParleyError(error)
        if (known.code === 'internal') onError(error)
        if (known.code === 'too_large') return refuseRequest(request, response, known, { asJsonRpc: false })
        sendError(kit, response, known)
      })
  }

  async function answer(
    request: IncomingMessage,
    hit: { route: PageRoute<Need>; params: Record<string, string>; path: string },
  ): Promise<PageAnswer> {
    const { route, params, path } = hit
    route.checkRoom?.()
    const form = route.method === 'POST' ? await readForm(request) : new Map<string, string>()
    if (route.method === 'POST' && !kit.isGenuine(request, form.get('form'))) throw notGenuine()
    const binding = kit.binding(request)
    const visit: Visit = {
      request,
      path,
      params,
      query: parseForm((request.url ?? '').split('?', 2)[1] ?? ''),
      form,
      formField: html`<input type="hidden" name="form" value="${kit.formToken(binding.value)}" />`,
      binding: binding.value,
    }
    const result = options.admit(route.needs, visit) ?? (await route.answer(visit))
    if (binding.setCookie === undefined || result.kind !== 'page') return result
    return { ...result, cookies: [...(result.cookies ?? []), binding.setCookie] }
  }
}

/** Passkeys and cookies belong to a name: who comes by the number of the loopback interface goes on under `localhost`. */
function canonicalAddress(request: IncomingMessage, origin: string): string | undefined {
  const own = new URL(origin)
  if (request.method !== 'GET' || own.hostname !== 'localhost') return undefined
  const isNumber = /^(?:127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(request.headers.host ?? '')
  return isNumber ? origin + request.url : undefined
}

function sendAnswer(kit: PageKit, response: ServerResponse, answer: PageAnswer): void {
  const cookies = (answer.cookies ?? []).flatMap((cookie) => ['set-cookie', cookie])
  if (answer.kind === 'redirect') return kit.redirect(response, answer.to, cookies)
  if (answer.kind === 'onward') return kit.send(response, { ...onwardPage(answer.url), headers: cookies })
  kit.send(response, { ...answer, headers: [...(answer.headers ?? []), ...cookies] })
}

/** What a browser would run, or read from its own disk, instead of going there. */
const NO_PLACE = /^(?:javascript|data|vbscript|blob|file|filesystem|about|view-source):/

function onwardPage(url: string): Page {
  const { protocol } = new URL(url)
  if (NO_PLACE.test(protocol)) throw new ParleyError('invalid_request', 'That is no address to go on to.')
  return {
    title: 'Going on',
    refresh: { seconds: 0, url },
    body: html`<h1>Going on</h1>
      <p>If nothing happens, <a href="${url}" rel="noopener noreferrer">go on here</a>.</p>`,
  }
}

function sendError(
  kit: PageKit,
  response: ServerResponse,
  error: ParleyError,
  headers: readonly string[] = [],
): void {
  const seconds = (error.data as { retryAfterSeconds?: number } | undefined)?.retryAfterSeconds
  kit.send(response, {
    status: ERRORS[error.code].http,
    title: 'That did not work',
    headers: seconds === undefined ? headers : [...headers, 'retry-after', String(seconds)],
    body: html`<h1>That did not work</h1>
      <p role="alert">${error.message}</p>
      <p><a class="button quiet" href="/account">To your account</a></p>`,
  })
}

function noSuchPage(methods: string): ParleyError {
  return methods === ''
    ? new ParleyError('not_found', 'There is no page at this address.')
    : new ParleyError('method_not_allowed', 'This address is reached by a form, not by a link.')
}

/** The same words for every reason: a forger learns nothing, and a person with an old page knows what to do. */
function notGenuine(): ParleyError {
  return new ParleyError(
    'forbidden',
    'This form is out of date. Go back, load the page again and send it once more.',
  )
}

/** `:name` stands for one segment. */
function compilePath(pattern: string): (path: string) => Record<string, string> | undefined {
  const parts = pattern.split('/')
  return (path) => {
    const segments = path.split('/')
    if (segments.length !== parts.length) return undefined
    const params: Record<string, string> = {}
    for (const [index, part] of parts.entries()) {
      const segment = segments[index]!
      if (part.startsWith(':') && /^[\w-]{1,128}$/.test(segment)) params[part.slice(1)] = segment
      else if (part !== segment) return undefined
    }
    return params
  }
}
