import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  ParleyError,
  toParleyError,
  type ApiRouteName,
  type ErrorCode,
  type ManagementAction,
  type Principal,
} from '@parley/contract'
import { ROLE_ACTIONS, type Access, type TakeToken } from '../access/index.ts'
import { readBody, refuseRequest, sendJson, sendProblem, type RawHandler } from '../http/index.ts'
import { Challenge, type Authenticate, type Authenticated, type Challenges } from '../identity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { ApiHandlers } from './handlers.ts'
import { matchRoute, type Match } from './match-route.ts'
import { readJson, readQuery } from './read-input.ts'

export interface ApiCall {
  readonly method: ApiRouteName
  readonly result: 'ok' | ErrorCode
  readonly latencyMicros: number
}

const BODY_LIMIT_BYTES = 1024 * 1024

const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

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
    readBody(req, match.route.bodyBytes ?? BODY_LIMIT_BYTES, (error, body) => {
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
    if (decision.kind !== 'allow') return new ParleyError('forbidden', explainRole(route.action))
    if (options.takeToken(principal.subject) > 0) return new ParleyError('rate_limited', 'Too many requests.')
    const isJson = /^application\/json\s*(?:;|$)/i.test(req.headers['content-type'] ?? '')
    return WITH_BODY.has(route.method) && !isJson
      ? new ParleyError('unsupported_media_type', 'Content-Type must be application/json.')
      : undefined
  }

  async function serve(
    match: Match,
    principal: Principal,
    raw: { req: IncomingMessage; body: Buffer },
  ): Promise<unknown> {
    const { name, route, parameters } = match
    const query = readQuery(raw.req.url ?? '', route)
    const body = readJson(raw.body, route)
    const handler = handlers[name] as (request: unknown) => Promise<unknown>
    return route.response.parse(await handler({ principal, parameters, query, body }))
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

/** Which roles may do it. Nobody learns from that what there is. */
function explainRole(action: ManagementAction): string {
  const roles = Object.entries(ROLE_ACTIONS).filter(([, actions]) => actions.has(action))
  return `This takes a person with the role ${roles.map(([role]) => role).join(' or ')} (${action}).`
}
