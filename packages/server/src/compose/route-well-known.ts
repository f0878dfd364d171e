import { ParleyError } from '@parley/contract'
import { sendProblem, type RawHandler } from '../http/index.ts'

/** `/.well-known/…` belongs to several rooms: each answers its own second segment, and what is below it. */
export function routeWellKnown(handlers: Readonly<Record<string, RawHandler>>): RawHandler {
  return (request, response, path) => {
    const segment = path.split('/', 3)[2] ?? ''
    const handler = Object.hasOwn(handlers, segment) ? handlers[segment] : undefined
    if (handler) return handler(request, response, path)
    sendProblem(response, new ParleyError('not_found', 'There is nothing at this address.'))
  }
}
