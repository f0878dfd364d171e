import { ParleyError, knows, toParleyError } from '@parley/contract'
import { BatchReply } from './batch-reply.ts'
import type { Call, GatewayTools, Received } from './call.ts'
import { acceptLegacyMessage, serveInSession } from './legacy-face.ts'
import type { LegacySession } from './legacy-session.ts'
import { parseBody, readCall } from './read-message.ts'
import { sendError } from './reply.ts'

/** What one batch may hold; each request of it counts against the caller's rate as any other. */
const MAX_MESSAGES = 100

/** A batch of a 2025-03-26 client (MCP 2025-03-26, Batching). Throws what makes it no batch of this session. */
export function serveBatch(
  tools: GatewayTools,
  session: LegacySession,
  request: Received,
  body: Buffer,
): void {
  const { calls, others } = readBatch(tools, session, request, body)
  const batch =
    calls.length === 0 ? undefined : new BatchReply(tools, { request, session, count: calls.length })
  for (const call of calls) void serveInSession({ tools, session, call, reply: batch!.member(call.idJson) })
  const accepted = Promise.all(others.map((message) => acceptLegacyMessage(session, tools, message)))
  accepted.then(
    () => void (batch ?? request.res.writeHead(202).end()),
    // With requests beside it, a notification that could not be passed on is nobody's answer.
    (error: unknown) => void (batch ?? sendError(request.res, toParleyError(error), undefined)),
  )
}

/** Sorts the messages: requests, and notifications and responses. All are read before any is served. */
export function readBatch(
  tools: Pick<GatewayTools, 'clock'>,
  session: LegacySession,
  request: Received,
  body: Buffer,
): { calls: Call[]; others: Buffer[] } {
  const bad = (message: string) => new ParleyError('invalid_request', message)
  if (!knows(session.revision, 'batches'))
    throw bad(`Batches are part of MCP 2025-03-26 alone, and this session speaks ${session.revision}.`)
  const messages = parseBody(body) as readonly unknown[]
  if (messages.length === 0) throw bad('A batch must not be empty.')
  if (messages.length > MAX_MESSAGES) throw bad(`A batch has at most ${MAX_MESSAGES} messages.`)
  const calls: Call[] = []
  const others: Buffer[] = []
  const startedMicros = tools.clock.monotonicMicros()
  for (const message of messages) {
    const bytes = Buffer.from(JSON.stringify(message))
    const call = readCall(request, bytes, startedMicros)
    // MCP 2025-03-26, Lifecycle: Initialization
    if (call?.method === 'initialize') throw bad('initialize must not be part of a batch.')
    if (call) calls.push(call)
    else others.push(bytes)
  }
  if (new Set(calls.map(({ idJson }) => idJson)).size < calls.length)
    throw bad('Two requests of the batch have the same id.')
  return { calls, others }
}
