import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError } from '@parley/contract'
import { decide } from '../access/index.ts'
import { sendBody, sendProblem, type RawHandler } from '../http/index.ts'
import { Challenge, type Authenticate, type Authenticated } from '../identity/index.ts'
import { PROMETHEUS_TEXT_TYPE } from '../lib/prometheus-text.ts'

/** `GET /metrics`. The numbers tell who is served and how, so they need a credential like all else. */
export function createMetricsHandler(options: {
  readonly authenticate: Authenticate
  readonly text: () => string
}): RawHandler {
  return function handle(req: IncomingMessage, res: ServerResponse, path: string): void {
    const answer = (who: Authenticated) => serve(req, res, { path, who })
    // The numbers are a part of what `/api` tells.
    const who = options.authenticate(req.headers.authorization, '/api')
    if (!(who instanceof Promise)) return answer(who)
    who.then(answer).catch((error: unknown) => sendProblem(res, toParleyError(error)))
  }

  function serve(
    req: IncomingMessage,
    res: ServerResponse,
    { path, who }: { path: string; who: Authenticated },
  ): void {
    if (who.kind === 'refused') {
      const { error } = who
      return sendProblem(
        res,
        error,
        error instanceof Challenge ? ['www-authenticate', error.wwwAuthenticate] : [],
      )
    }
    const { principal } = who
    const mayRead = principal.scopes?.some((scope) => scope === 'hub:read' || scope === 'hub:manage') ?? true
    if (!mayRead || decide(principal, 'hub.read', undefined).kind !== 'allow')
      return sendProblem(res, new ParleyError('forbidden', 'Only an administrator may do this.'))
    if (path !== '/metrics')
      return sendProblem(res, new ParleyError('not_found', 'There is nothing at this address.'))
    if (req.method !== 'GET')
      return sendProblem(res, new ParleyError('method_not_allowed', 'Use GET here.'), ['allow', 'GET'])
    sendBody(res, 200, ['content-type', PROMETHEUS_TEXT_TYPE], options.text())
  }
}
