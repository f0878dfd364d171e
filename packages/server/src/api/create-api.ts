import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  ParleyError,
  apiRoutes,
  toParleyError,
  type ApiRoute,
  type ErrorCode,
  type Principal,
} from '@parley/contract'
import type { Access, TakeToken } from '../access/index.ts'
import { readBody, refuseRequest, sendJson, sendProblem, type RawHandler } from '../http/index.ts'
import { Challenge, type Authenticate, type Authenticated, type Challenges } from '../identity/index.ts'
import type { Clock } from '../lib/clock.ts'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'

export type RouteName = keyof typeof apiRoutes

export interface ApiRequest {
  readonly principal: Principal
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Checked against the route's schema. */
  readonly body: unknown
}

/** One function per route of the contract; what it returns is checked against the route's response schema. */
export type ApiHandlers = Readonly<Record<RouteName, (request: ApiRequest) => Promise<unknown>>>

export interface ApiCall {
  readonly method: RouteName
  readonly result: 'ok' | ErrorCode
  readonly latencyMicros: number
}

const BODY_LIMIT_BYTES = 1024 * 1024

interface Match {
  readonly name: RouteName
  readonly route: ApiRoute
  readonly parameters: Record<string, string>
}

/**
 * The management API: authenticate → match → decide → limit → read and check the body → call → reply. Without a valid
 * credential every path answers alike, so that nobody learns which exist.
 */
export function createApi(options: {
  readonly authenticate: Authenticate
  readonly challenges: Challenges
  readonly access: Pick<Access, 'decide'>
  readonly takeToken: TakeToken
  readonly handlers: ApiHandlers
  readonly onError: (error: unknown) => void
  readonly clock: Pick<Clock, 'monotonicMicros'>
  /** Told of every call that reached a route. */
  readonly onCall: (call: ApiCall) => void
}): RawHandler {
  const { authenticate, handlers, onError, clock } = options

  function handle(req: IncomingMessage, res: ServerResponse, path: string): void {
    const who = authenticate(req.headers.authorization, '/api')
    if (who instanceof Promise)
      who.then((known) => admit(req, res, { path, who: known })).catch(refuserOf(res, onError))
    else admit(req, res, { path, who })
  }

  function admit(
    req: IncomingMessage,
    res: ServerResponse,
    { path, who }: { path: string; who: Authenticated },
  ): void {
    const refuse = refuserOf(res, onError)
    if (who.kind === 'refused') return refuse(who.error)
    const { principal } = who
    const match = matchRoute(req.method ?? '', path)
    const refusal = match ? refusalOf(req, match, principal) : noRoute()
    if (!match || refusal) return refuse(refusal)
    readBody(req, BODY_LIMIT_BYTES, (error, body) => {
      if (error) return refuseRequest(req, res, error, { asJsonRpc: false })
      const startedMicros = clock.monotonicMicros()
      const count = (result: ApiCall['result']) =>
        options.onCall({ method: match.name, result, latencyMicros: clock.monotonicMicros() - startedMicros })
      serve(match, principal, { req, body }).then(
        (reply) => {
          count('ok')
          sendJson(res, 200, JSON.stringify(reply))
        },
        (error: unknown) => {
          count(toParleyError(error).code)
          refuse(error)
        },
      )
    })
  }

  /** decide, then limit, then the type of the body; undefined when the route may be served. */
  function refusalOf(req: IncomingMessage, { route }: Match, principal: Principal): ParleyError | undefined {
    const decision = options.access.decide({ principal, action: route.action })
    if (decision.kind === 'scope') return options.challenges.insufficientScope(decision.missing)
    if (decision.kind !== 'allow')
      return new ParleyError('forbidden', `Your role does not include ${route.action}.`)
    if (options.takeToken(principal.subject) > 0) return new ParleyError('rate_limited', 'Too many requests.')
    const isJson = /^application\/json\s*(?:;|$)/i.test(req.headers['content-type'] ?? '')
    return route.method === 'POST' && !isJson
      ? new ParleyError('unsupported_media_type', 'Content-Type must be application/json.')
      : undefined
  }

  async function serve(
    match: Match,
    principal: Principal,
    raw: { req: IncomingMessage; body: Buffer },
  ): Promise<unknown> {
    const url = raw.req.url ?? ''
    const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '')
    const body = match.route.body ? readJson(raw.body, match.route) : undefined
    const reply = await handlers[match.name]({ principal, parameters: match.parameters, query, body })
    return match.route.response.parse(reply)
  }

  return handle
}

function noRoute(): ParleyError {
  return new ParleyError('not_found', 'There is no such route; /api/openapi.json lists them.')
}

function refuserOf(res: ServerResponse, onError: (error: unknown) => void) {
  return (error: unknown): void => {
    const known = toParleyError(error)
    if (known.code === 'internal') onError(error)
    if (res.headersSent || res.destroyed) return
    sendProblem(res, known, known instanceof Challenge ? ['www-authenticate', known.wwwAuthenticate] : [])
  }
}

function readJson(body: Buffer, route: ApiRoute): unknown {
  let value: unknown
  try {
    value = parseStrict(body)
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new ParleyError('invalid_json', `The body ${error.message}.`, { cause: error })
  }
  const checked = route.body!.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw new ParleyError(
    'invalid_params',
    `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'is not valid'}`,
  )
}

const ROUTES = Object.entries(apiRoutes).map(([name, route]) => ({
  name: name as RouteName,
  route: route as ApiRoute,
  segments: route.path.split('/'),
}))

function matchRoute(method: string, path: string): Match | undefined {
  const segments = path.split('/')
  for (const { name, route, segments: wanted } of ROUTES) {
    if (route.method !== method || wanted.length !== segments.length) continue
    const parameters: Record<string, string> = {}
    const fits = wanted.every((part, at) => {
      if (!part.startsWith('{')) return part === segments[at]
      parameters[part.slice(1, -1)] = segments[at]!
      return /^[a-z0-9-]{1,40}$/.test(segments[at]!)
    })
    if (fits) return { name, route, parameters }
  }
  return undefined
}
