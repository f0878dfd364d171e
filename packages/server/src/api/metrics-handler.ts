import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError } from '@parley/contract'
import type { Access } from '../access/index.ts'
import { sendBody, sendProblem, type RawHandler } from '../http/index.ts'
import { Challenge, type Authenticate, type Authenticated, type Challenges } from '../identity/index.ts'
import { PROMETHEUS_TEXT_TYPE } from '../lib/prometheus-text.ts'

/** `GET /metrics`. The numbers tell who is served and how, so they need a credential like all else. */
export function createMetricsHandler(options: {
  readonly authenticate: Authenticate
  readonly challenges: Challenges
  readonly access: Pick<Access, 'decide'>
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
      return refuse(res, who.error)
    }
    const decision = options.access.decide({ principal: who.principal, action: 'hub.read' })
    if (decision.kind === 'scope') return refuse(res, options.challenges.insufficientScope(decision.missing))
    if (decision.kind !== 'allow')
      return sendProblem(res, new ParleyError('forbidden', 'Your role does not include this.'))
    if (path !== '/metrics')
      return sendProblem(res, new ParleyError('not_found', 'There is nothing at this address.'))
    if (req.method !== 'GET')
      return sendProblem(res, new ParleyError('method_not_allowed', 'Use GET here.'), ['allow', 'GET'])
    sendBody(res, 200, ['content-type', PROMETHEUS_TEXT_TYPE], options.text())
  }
}

function refuse(res: ServerResponse, error: ParleyError): void {
  sendProblem(res, error, error instanceof Challenge ? ['www-authenticate', error.wwwAuthenticate] : [])
}
