import type { Guard } from './guard.ts'
import {
  admit,
  send,
  serveMetadata as serveNodeMetadata,
  type NodeRequest,
  type NodeResponse,
} from './node.ts'

/** What is needed of Express, 4 or 5, and of frameworks with the same middleware. */
export type Middleware = (
  request: NodeRequest,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Lets only requests with a token through. The caller is in `request.auth`, where MCP handlers look for it, and the body
 * parsed in `request.body`.
 *
 * @example
 * app.use(serveMetadata(guard))
 * app.all('/mcp', protect(guard), (request, response) => mcp(request, response, request.body))
 */
export function protect(guard: Guard): Middleware {
  return function protectResource(request, response, next) {
    admit(guard, request).then((refusal) => (refusal ? send(response, refusal) : next()), next)
  }
}

/** Serves the metadata of the guarded resource (RFC 9728), which is how clients find the issuer. Mount it at the root. */
export function serveMetadata(guard: Guard): Middleware {
  return function serveResourceMetadata(request, response, next) {
    if (!serveNodeMetadata(guard, request, response)) next()
  }
}
