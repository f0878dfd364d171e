import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError, type Principal } from '@parley/contract'
import type { EventStream } from '../http/index.ts'
import type { GatewayTools, Scope } from './call.ts'
import { primeFor } from './legacy-reply.ts'
import type { LegacySession } from './legacy-session.ts'
import type { LegacySessions } from './legacy-sessions.ts'
import { LIST_CHANGES } from './listen.ts'
import type { McpHeaders } from './read-headers.ts'
import { sendError } from './reply.ts'
import { reachableEntry } from './visibility.ts'

export interface SessionRequest {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly headers: McpHeaders
  readonly principal: Principal
  readonly scope: Scope
}

/** GET and DELETE of a legacy session; a request without a session is a modern client's mistake: 405. */
export async function serveSessionMethod(
  tools: GatewayTools,
  sessions: LegacySessions,
  request: SessionRequest,
): Promise<void> {
  const { req, res, headers, principal, scope } = request
  try {
    if (headers.sessionId === undefined) throw new ParleyError('method_not_allowed', 'Use POST here.')
    const session = sessions.find(headers, principal, scope)
    if (req.method === 'DELETE') {
      await sessions.end(session)
      res.writeHead(200).end()
    } else if (headers.accept !== undefined && !/text\/event-stream|\*\/\*/.test(headers.accept)) {
      throw new ParleyError('not_acceptable', 'Accept must include text/event-stream.')
    } else if (headers.lastEventId === undefined) {
      await openSessionStream(tools, session, request)
    } else {
      await resumeStream(tools, session, request, headers.lastEventId)
    }
  } catch (error) {
    if (res.headersSent) res.end()
    else sendError(res, toParleyError(error), undefined)
  }
}

/** The session's own stream, for what belongs to no request (MCP 2025-11-25, Listening for Messages). */
async function openSessionStream(
  tools: GatewayTools,
  session: LegacySession,
  request: SessionRequest,
): Promise<void> {
  const connection = connect(tools, session, request)
  const retryMs = primeFor(session)
  if (retryMs !== undefined) connection.send(session.ownStream.prime(retryMs))
  session.ownStream.connect(connection)
  await follow(tools, session)
}

/** Takes any stream of the session up again behind the given event; what another stream sent is not repeated. */
async function resumeStream(
  tools: GatewayTools,
  session: LegacySession,
  request: SessionRequest,
  lastEventId: string,
): Promise<void> {
  const found = session.streams.find(lastEventId)
  // What an earlier process had to send is gone, and so the client is to look at everything anew.
  if (!found && session.isRevived) {
    for (const method of LIST_CHANGES) session.push({ method })
    return openSessionStream(tools, session, request)
  }
  if (!found)
    throw new ParleyError('invalid_request', 'Nothing is kept any more of the stream of this Last-Event-ID.')
  const connection = connect(tools, session, request, found.stream)
  found.stream.connect(connection, found.after)
  if (found.stream === session.ownStream) await follow(tools, session)
}

function connect(
  tools: GatewayTools,
  session: LegacySession,
  { req, res, principal }: SessionRequest,
  stream = session.ownStream,
): EventStream {
  const place = tools.clientStreams.take(principal.subject)
  const connection: EventStream = place.open(req, res, {
    onClose: () => stream.lose(connection),
    onDrain: () => connection.end(),
  })
  return connection
}

async function follow(tools: GatewayTools, session: LegacySession): Promise<void> {
  const entry = reachableEntry(tools, { principal: session.owner, scope: session.scope })
  if (entry) await session.follow(entry)
}
