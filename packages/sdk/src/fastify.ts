import { answerMetadata, type MetadataAnswer } from './answer-metadata.ts'
import { toAuthInfo, type AuthInfo } from './auth-info.ts'
import type { Caller } from './caller.ts'
import type { Guard } from './guard.ts'
import { hasBody } from './node-body.ts'
import type { Refusal } from './refusal.ts'

/** What is needed of Fastify's request and reply. */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: unknown
  /** Node's own request, which MCP handlers take. */
  readonly raw: object
}
export interface Reply {
  code(status: number): unknown
  headers(headers: Record<string, string>): unknown
  send(body: string): unknown
}
export type Hook = (request: Request, reply: Reply) => Promise<unknown>

/**
 * The hooks of a route that lets only requests with a token through: the token is checked before the body is read, what
 * the body wants after. The caller is in `request.raw.auth`, where MCP handlers look for it.
 *
 * @example
 * app.addHook('onRequest', serveMetadata(guard))
 * app.all('/mcp', protect(guard), async (request, reply) => {
 *   reply.hijack()
 *   await mcp(request.raw, reply.raw, request.body)
 * })
 */
export function protect(guard: Guard): { onRequest: Hook; preHandler: Hook } {
  const callers = new WeakMap<object, Caller>()
  return {
    async onRequest(request, reply) {
      const checked = await guard.check(request.headers['authorization'] as string | undefined, request.url)
      if (checked.kind === 'refused') return send(reply, checked)
      callers.set(request.raw, checked.caller)
      const raw: { auth?: AuthInfo } = request.raw
      raw.auth = toAuthInfo(checked.caller)
      // What comes behind cannot pass on what it does not have.
      delete request.headers['authorization']
      return undefined
    },
    async preHandler(request, reply) {
      const caller = callers.get(request.raw)
      if (!caller) throw new Error('Give the route both hooks of the guard.')
      const refusal = hasBody(request) ? guard.permit(caller, request.body) : undefined
      return refusal && send(reply, refusal)
    },
  }
}

/** Serves the metadata of the guarded resource (RFC 9728), which is how clients find the issuer. */
export function serveMetadata(guard: Guard): Hook {
  return async function serveResourceMetadata({ method, url }, reply) {
    const answer = answerMetadata(guard, method, url)
    return answer && send(reply, answer)
  }
}

function send(reply: Reply, { status, headers, body }: MetadataAnswer | Refusal): unknown {
  reply.code(status)
  reply.headers({ ...headers })
  return reply.send(body)
}
