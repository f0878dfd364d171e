import { answerMetadata, type MetadataAnswer } from './answer-metadata.ts'
import { toAuthInfo } from './auth-info.ts'
import type { Guard } from './guard.ts'
import { hasBody } from './node-body.ts'
import { BODY_LIMIT_BYTES, refuseEncodedBody, refuseLargeBody } from './read-message.ts'
import type { Refusal } from './refusal.ts'

/** What is needed of Hono's context. */
export interface Context {
  readonly req: { raw: Request; readonly path: string }
  set(key: 'auth', value: unknown): void
}
export type Middleware = (context: Context, next: () => Promise<void>) => Promise<Response | void>

/**
 * Lets only requests with a token through. The caller is in `context.get('auth')`, in the form that MCP handlers take.
 * Mount it before anything that reads the body.
 *
 * @example
 * app.use(serveMetadata(guard))
 * app.all('/mcp', protect(guard), (context) => mcp.fetch(context.req.raw, { authInfo: context.get('auth') }))
 */
export function protect(guard: Guard): Middleware {
  return async function protectResource(context, next) {
    const { raw } = context.req
    const checked = await guard.check(raw.headers.get('authorization'), raw.url)
    if (checked.kind === 'refused') return toResponse(checked)
    const body = guard.readsBodies && hasBody(raw) ? await readBody(raw) : undefined
    const refusal = typeof body === 'string' ? guard.permit(checked.caller, body) : body
    if (refusal) return toResponse(refusal)
    context.req.raw = withoutToken(raw, body as string | undefined)
    context.set('auth', toAuthInfo(checked.caller))
    await next()
  }
}

/** Serves the metadata of the guarded resource (RFC 9728), which is how clients find the issuer. */
export function serveMetadata(guard: Guard): Middleware {
  return async function serveResourceMetadata({ req }, next) {
    const answer = answerMetadata(guard, req.raw.method, req.path)
    return answer ? toResponse(answer) : next()
  }
}

function toResponse({ status, headers, body }: MetadataAnswer | Refusal): Response {
  return new Response(body || null, { status, headers })
}

/** What comes behind cannot pass on what it does not have. */
function withoutToken(request: Request, body: string | undefined): Request {
  const headers = new Headers(request.headers)
  headers.delete('authorization')
  return new Request(request, body === undefined ? { headers } : { headers, body })
}

async function readBody(request: Request): Promise<string | Refusal> {
  if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity') return refuseEncodedBody()
  if (Number(request.headers.get('content-length') ?? 0) > BODY_LIMIT_BYTES) return refuseLargeBody()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes > BODY_LIMIT_BYTES) return refuseLargeBody()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
