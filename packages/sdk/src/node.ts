import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerMetadata, type MetadataAnswer } from './answer-metadata.ts'
import { toAuthInfo, type AuthInfo } from './auth-info.ts'
import type { Guard } from './guard.ts'
import { hasBody, readNodeBody, type NodeRequest } from './node-body.ts'
import { refuse, type Refusal } from './refusal.ts'

export type { NodeRequest } from './node-body.ts'

/** What is needed of `http.ServerResponse`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body?: string): unknown
}

/**
 * Puts the guard before a listener of `node:http`: it serves the metadata, and every other request needs a token. The
 * caller is in `request.auth`, and the parsed body in `request.body` where the guard had to read it.
 *
 * @example
 * const mcp = toNodeHandler(createMcpHandler(createNotes))
 * createServer(protect(guard, (request, response) => mcp(request, response, request.body))).listen(3000)
 */
export function protect<
  request extends NodeRequest = IncomingMessage,
  response extends NodeResponse = ServerResponse,
>(
  guard: Guard,
  listener: (request: request & { auth: AuthInfo; body?: unknown }, response: response) => unknown,
): (request: request, response: response) => void {
  return (request, response) => {
    if (serveMetadata(guard, request, response)) return
    admit(guard, request).then(
      (refusal) => {
        if (refusal) return send(response, refusal)
        return listener(request as request & { auth: AuthInfo }, response)
      },
      // The client went away while its body was read, or a rule for a tool has thrown.
      () => send(response, refuse(500, { error: 'server_error' })),
    )
  }
}

/** Answers when the request is for the metadata of the guarded resource (RFC 9728 §3). */
export function serveMetadata(
  guard: Guard,
  request: Pick<NodeRequest, 'method' | 'url'>,
  response: NodeResponse,
): boolean {
  const answer = answerMetadata(guard, request.method, request.url ?? '')
  if (answer) send(response, answer)
  return answer !== undefined
}

/** Sends a whole answer. */
export function send(response: NodeResponse, { status, headers, body }: MetadataAnswer | Refusal): void {
  response.writeHead(status, { ...headers })
  response.end(body)
}

/** Checks the token, then what the body wants; leaves the caller in `auth`, and the body that was looked at in `body`. */
export async function admit(
  guard: Guard,
  request: NodeRequest & { auth?: AuthInfo; originalUrl?: string },
): Promise<Refusal | undefined> {
  const authorization = request.headers['authorization'] as string | undefined
  const checked = await guard.check(authorization, request.originalUrl ?? request.url)
  if (checked.kind === 'refused') return checked
  request.auth = toAuthInfo(checked.caller)
  // What comes behind cannot pass on what it does not have.
  delete request.headers['authorization']
  if (!guard.readsBodies || !hasBody(request)) return undefined
  const message = await readNodeBody(request)
  if (message.kind === 'refused') return message
  request.body = message.value
  return guard.permit(checked.caller, message.value)
}
