import { ParleyError } from '@parley/contract'
import type { Access } from '../access/index.ts'
import { sendBody, sendProblem, type RawHandler } from '../http/index.ts'
import type { Authenticate } from '../identity/index.ts'
import { PROMETHEUS_TEXT_TYPE } from '../lib/prometheus-text.ts'

/** `GET /metrics`. The numbers tell who is served and how, so they need a credential like all else. */
export function createMetricsHandler(options: {
  readonly authenticate: Authenticate
  readonly access: Pick<Access, 'decide'>
  readonly text: () => string
}): RawHandler {
  return function handle(req, res, path) {
    const principal = options.authenticate(req.headers.authorization)
    if (!principal) {
      const error = new ParleyError('unauthenticated', 'Send `Authorization: Bearer <key>`.')
      return sendProblem(res, error, ['www-authenticate', 'Bearer'])
    }
    if (options.access.decide({ principal, action: 'hub.read' }).kind !== 'allow')
      return sendProblem(res, new ParleyError('forbidden', 'Your role does not include this.'))
    if (path !== '/metrics')
      return sendProblem(res, new ParleyError('not_found', 'There is nothing at this address.'))
    if (req.method !== 'GET')
      return sendProblem(res, new ParleyError('method_not_allowed', 'Use GET here.'), ['allow', 'GET'])
    sendBody(res, 200, ['content-type', PROMETHEUS_TEXT_TYPE], options.text())
  }
}
