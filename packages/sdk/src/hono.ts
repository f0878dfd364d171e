import { toAuthInfo } from './auth-info.ts'
import type { Guard } from './guard.ts'
import { METADATA_HEADERS } from './node.ts'
import { hasBody } from './node-body.ts'
import {
  BODY_LIMIT_BYTES,
  readMessage,
  refuseEncodedBody,
  refuseLargeBody,
  type Message,
} from './read-message.ts'
import type { Refusal } from './refusal.ts'

/** What is needed of Hono's context. */
export interface Context {
  readonly req: { readonly raw: Request; readonly path: string }
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
    if (guard.readsBodies && hasBody(raw)) {
      const message = await readBody(raw)
      const refusal = message.kind === 'refused' ? message : guard.permit(checked.caller, message.value)
      if (refusal) return toResponse(refusal)
    }
    context.set('auth', toAuthInfo(checked.caller))
    await next()
  }
}

/** Serves the metadata of the guarded resource (RFC 9728), which is how clients find the issuer. */
export function serveMetadata(guard: Guard): Middleware {
  return async function serveResourceMetadata({ req }, next) {
    if (req.raw.method !== 'GET' || !guard.metadataPaths.includes(req.path)) return next()
    return new Response(JSON.stringify(guard.metadata), { headers: METADATA_HEADERS })
  }
}

function toResponse({ status, headers, body }: Refusal): Response {
  return new Response(body, { status, headers })
}

/** Reads a copy: the handler behind gets the same bytes. */
async function readBody(request: Request): Promise<Message> {
  if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity') return refuseEncodedBody()
  if (Number(request.headers.get('content-length') ?? 0) > BODY_LIMIT_BYTES) return refuseLargeBody()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.clone().body ?? []) {
    bytes += chunk.length
    if (bytes > BODY_LIMIT_BYTES) return refuseLargeBody()
    text += decoder.decode(chunk, { stream: true })
  }
  return readMessage(text + decoder.decode())
}
